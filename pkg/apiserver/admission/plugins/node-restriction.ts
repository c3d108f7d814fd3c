import { semanticEqual } from "#pkg/api/index.ts";
import type { Labels } from "#pkg/api/labels.ts";
import type { TokenRequest } from "#pkg/api/types/authentication-v1.ts";
import type { Node, Pod } from "#pkg/api/types/core-v1.ts";
import type { AdmissionAttributes, AdmissionPlugin, Authorizer, ObjectReader, UserInfo } from "../../types.ts";
import { concerns, refusal } from "./attributes.ts";
import { podNeedsAudience } from "./token-audience.ts";

const MIRROR_ANNOTATION = "kubernetes.io/config.mirror";
const ALL = ["CREATE", "UPDATE", "DELETE"] as const;
/** Labels under kubernetes.io and k8s.io that a kubelet may set on its own node. */
const OWN_LABELS = new Set([
  "kubernetes.io/hostname",
  "kubernetes.io/arch",
  "kubernetes.io/os",
  "beta.kubernetes.io/arch",
  "beta.kubernetes.io/os",
  "beta.kubernetes.io/instance-type",
  "node.kubernetes.io/instance-type",
  "failure-domain.beta.kubernetes.io/region",
  "failure-domain.beta.kubernetes.io/zone",
  "topology.kubernetes.io/region",
  "topology.kubernetes.io/zone",
]);
const POD_SUBRESOURCES = new Set(["", "status", "eviction"]);
const OWN_PREFIXES = ["kubelet.kubernetes.io", "node.kubernetes.io"];

/** Holds a kubelet's identity to its own Node, its own pods and what they need. */
export class NodeRestriction implements AdmissionPlugin {
  readonly name = "NodeRestriction";
  readonly #reader: ObjectReader;
  readonly #authorizer: Authorizer | undefined;

  constructor(parts: { readonly reader: ObjectReader; readonly authorizer?: Authorizer }) {
    this.#reader = parts.reader;
    this.#authorizer = parts.authorizer;
  }

  admit(attributes: AdmissionAttributes): Promise<void> | undefined {
    const node = nodeOf(attributes.user);
    return node === undefined || attributes.operation === "CONNECT" ? undefined : this.#check(attributes, node);
  }

  async #check(attributes: AdmissionAttributes, node: string): Promise<void> {
    const why = this.#reasonAgainst(attributes, node) ?? (await this.#audienceNotNeeded(attributes));
    if (why !== undefined) throw refusal(attributes, why);
  }

  /** Tokens are worth nothing elsewhere than where a pod's volumes need them, or where the node was told it may ask. */
  async #audienceNotNeeded(attributes: AdmissionAttributes): Promise<string | undefined> {
    if (!concerns(attributes, "serviceaccounts", ["CREATE"], "token")) return undefined;
    const { info, user } = attributes;
    const { audiences = [], boundObjectRef } = (attributes.object as TokenRequest).spec ?? {};
    if (audiences.length > 1) return "node may only request 0 or 1 audiences";
    const [audience = ""] = audiences;
    const pod = this.#reader.get("pods", info.namespace, boundObjectRef?.name ?? "") as Pod;
    if (podNeedsAudience(this.#reader, pod, audience)) return undefined;
    const verb = "request-serviceaccounts-token-audience";
    const asked = { ...info, verb, resource: audience, subresource: "" };
    if ((await this.#authorizer?.authorize(user, asked))?.decision === "allow") return undefined;
    return `audience ${JSON.stringify(audience)} not found in pod spec volume`;
  }

  #reasonAgainst(attributes: AdmissionAttributes, node: string): string | undefined {
    const { info } = attributes;
    const isNode = info.group === "" && info.resource === "nodes";
    if (concerns(attributes, "pods", ["CREATE"])) return creatingPod(attributes.object as Pod, node);
    if (concerns(attributes, "pods", ["DELETE"])) {
      return isOn(attributes.old as Pod | undefined, node)
        ? undefined
        : `node "${node}" can only delete pods with spec.nodeName set to itself`;
    }
    if (concerns(attributes, "pods", ["UPDATE"])) return `unexpected operation "UPDATE"`;
    if (info.group === "" && info.resource === "pods" && !POD_SUBRESOURCES.has(info.subresource))
      return `unexpected pod subresource ${JSON.stringify(info.subresource)}, only 'status' and 'eviction' are allowed`;
    if (concerns(attributes, "pods", ["UPDATE"], "status")) return updatingStatus(attributes, node);
    if (concerns(attributes, "pods", ["CREATE"], "eviction")) {
      const pod = this.#reader.get("pods", info.namespace, info.name) as Pod | undefined;
      return isOn(pod, node) ? undefined : `node ${node} can only evict pods with spec.nodeName set to itself`;
    }
    if (isNode && (info.subresource === "" || info.subresource === "status")) return this.#node(attributes, node);
    if (concerns(attributes, "serviceaccounts", ["CREATE"], "token")) return this.#token(attributes, node);
    if (concerns(attributes, "coordination.k8s.io/leases", ALL)) {
      if (info.namespace !== "kube-node-lease") {
        return 'can only access leases in the "kube-node-lease" system namespace';
      }
      return info.name === node ? undefined : "can only access node lease with the same name as the requesting node";
    }
    if (concerns(attributes, "storage.k8s.io/csinodes", ALL)) {
      return info.name === node ? undefined : "can only access CSINode with the same name as the requesting node";
    }
    return undefined;
  }

  #node(attributes: AdmissionAttributes, node: string): string | undefined {
    const { info, operation } = attributes;
    if (info.name !== node) return `node "${node}" is not allowed to modify node "${info.name}"`;
    const given = attributes.object as Node | undefined;
    const old = attributes.old as Node | undefined;
    if (operation === "CREATE") {
      const labels = restrictedChanges(given?.metadata.labels, undefined);
      return labels.length === 0 ? undefined : notAllowedLabels(node, labels);
    }
    if (operation !== "UPDATE" || given === undefined || old === undefined) return undefined;
    if (!semanticEqual(given.metadata.ownerReferences, old.metadata.ownerReferences))
      return `node "${node}" is not allowed to modify ownerReferences`;
    if (!semanticEqual(given.spec?.taints, old.spec?.taints)) return `node "${node}" is not allowed to modify taints`;
    const labels = restrictedChanges(given.metadata.labels, old.metadata.labels);
    return labels.length === 0 ? undefined : notAllowedLabels(node, labels);
  }

  /** Tokens only for pods that run here. */
  #token(attributes: AdmissionAttributes, node: string): string | undefined {
    const bound = (attributes.object as { spec?: { boundObjectRef?: Readonly<Record<string, string>> } } | undefined)
      ?.spec?.boundObjectRef;
    if (bound === undefined || bound.apiVersion !== "v1" || bound.kind !== "Pod" || !bound.name) {
      return "node requested token not bound to a pod";
    }
    if (!bound.uid) return "node requested token with a pod binding without a uid";
    const pod = this.#reader.get("pods", attributes.info.namespace, bound.name) as Pod | undefined;
    if (pod === undefined) return `pod "${bound.name}" not found`;
    if (pod.metadata.uid !== bound.uid) {
      return `the UID in the bound object reference (${bound.uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    }
    return isOn(pod, node) ? undefined : "node requested token bound to a pod scheduled on a different node";
  }
}

function nodeOf(user: UserInfo): string | undefined {
  if (!user.name.startsWith("system:node:") || !user.groups.includes("system:nodes")) return undefined;
  return user.name.slice("system:node:".length);
}

const isOn = (pod: Pod | undefined, node: string): boolean => pod?.spec?.nodeName === node;

function creatingPod(pod: Pod, node: string): string | undefined {
  if (pod.metadata.annotations?.[MIRROR_ANNOTATION] === undefined) {
    return `pod does not have "${MIRROR_ANNOTATION}" annotation, node "${node}" can only create mirror pods`;
  }
  if (!isOn(pod, node)) return `node "${node}" can only create pods with spec.nodeName set to itself`;
  const owners = pod.metadata.ownerReferences ?? [];
  if (owners.some((o) => o.apiVersion !== "v1" || o.kind !== "Node" || o.name !== node)) {
    return `node "${node}" can only create pods with an owner reference set to itself`;
  }
  if (pod.spec?.serviceAccountName) return `node "${node}" can not create pods that reference a service account`;
  if ((pod.spec?.resourceClaims ?? []).length > 0)
    return `node "${node}" can not create pods that reference resourceclaims`;
  const refers = (pod.spec?.volumes ?? []).find(
    (v) => (v.secret ?? v.configMap ?? v.persistentVolumeClaim ?? v.projected) !== undefined,
  );
  return refers === undefined
    ? undefined
    : `node "${node}" can not create pods that reference a secret, configmap or persistentvolumeclaim`;
}

function updatingStatus(attributes: AdmissionAttributes, node: string): string | undefined {
  const pod = attributes.object as Pod;
  const old = attributes.old as Pod | undefined;
  if (!isOn(old, node)) return `node "${node}" can only update pod status for pods with spec.nodeName set to itself`;
  if (!semanticEqual(pod.metadata.labels, old?.metadata.labels)) {
    return `node "${node}" cannot update labels through pod status`;
  }
  if (!semanticEqual(pod.status?.resourceClaimStatuses, old?.status?.resourceClaimStatuses)) {
    return `node "${node}" cannot update resource claim statuses`;
  }
  return undefined;
}

/** Labels that only admins set: the node-restriction prefix, and those of Kubernetes that no kubelet needs. */
function restrictedChanges(given: Labels | undefined, old: Labels | undefined): string[] {
  const keys = new Set([...Object.keys(given ?? {}), ...Object.keys(old ?? {})]);
  return [...keys].filter((key) => given?.[key] !== old?.[key] && isRestricted(key)).sort();
}
function isRestricted(key: string): boolean {
  const slash = key.indexOf("/");
  if (slash < 0) return false;
  const domain = key.slice(0, slash);
  const within = (suffix: string): boolean => domain === suffix || domain.endsWith(`.${suffix}`);
  if (within("node-restriction.kubernetes.io")) return true;
  if (!within("kubernetes.io") && !within("k8s.io")) return false;
  return !OWN_LABELS.has(key) && !OWN_PREFIXES.some(within);
}
const notAllowedLabels = (node: string, labels: readonly string[]): string =>
  `node "${node}" is not allowed to modify labels: ${labels.join(", ")}`;
