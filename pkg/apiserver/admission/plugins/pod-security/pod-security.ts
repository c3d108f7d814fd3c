import type { KubeObject } from "#pkg/api/resource-ref.ts";
import type { Container, Namespace, Pod } from "#pkg/api/types/core-v1.ts";
import { invalid } from "#pkg/errors/index.ts";
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader } from "../../../types.ts";
import { concerns, refusal } from "../attributes.ts";
import type { PodLike } from "./check.ts";
import { detailText, reasonText, violations } from "./evaluate.ts";
import { compareLevels, labelErrors, type Policy, policyOf, type Standard, standardText } from "./policy.ts";

/** Upstream's bound for looking at the pods of a namespace whose labels change. */
const MAX_PODS = 3000;
/** Subresources of pods that do not change what runs. */
const HARMLESS = new Set(["exec", "attach", "binding", "eviction", "log", "portforward", "proxy", "status"]);
/** As much of the kinds that make pods as is looked at here. */
interface Templated {
  readonly template?: PodLike;
  readonly spec?: {
    readonly template?: PodLike;
    readonly jobTemplate?: { readonly spec?: { readonly template?: PodLike } };
  };
}
/** Where a kind keeps what its pods are made from. */
const TEMPLATES: Readonly<Record<string, (object: Templated) => PodLike | undefined>> = {
  podtemplates: (object) => object.template,
  replicationcontrollers: (object) => object.spec?.template,
  "apps/replicasets": (object) => object.spec?.template,
  "apps/deployments": (object) => object.spec?.template,
  "apps/statefulsets": (object) => object.spec?.template,
  "apps/daemonsets": (object) => object.spec?.template,
  "batch/jobs": (object) => object.spec?.template,
  "batch/cronjobs": (object) => object.spec?.jobTemplate?.spec?.template,
};

/** Holds pods to the Pod Security Standard that their namespace's labels name (KEP-2579); warns about controllers. */
export class PodSecurity implements AdmissionPlugin {
  readonly name = "PodSecurity";
  readonly resources = ["namespaces", "pods", ...Object.keys(TEMPLATES)];
  readonly #reader: ObjectReader;

  constructor(parts: { readonly reader: ObjectReader }) {
    this.#reader = parts.reader;
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const { info, operation } = attributes;
    if (operation !== "CREATE" && operation !== "UPDATE") return;
    if (concerns(attributes, "namespaces", ["CREATE", "UPDATE"])) return this.#namespace(attributes);
    if (info.group === "" && info.resource === "pods") return this.#pod(attributes);
    const template = TEMPLATES[info.group === "" ? info.resource : `${info.group}/${info.resource}`];
    if (template === undefined || info.subresource !== "") return;
    const { warn } = this.#policy(attributes);
    if (warn.level === "privileged") return;
    const pod = template(attributes.object as Templated);
    if (pod?.spec !== undefined) warnAbout(attributes, pod, warn);
  }

  #policy({ info }: AdmissionAttributes): Policy {
    return policyOf(this.#reader.get("namespaces", "", info.namespace)?.metadata.labels);
  }

  #pod(attributes: AdmissionAttributes): void {
    if (HARMLESS.has(attributes.info.subresource)) return;
    const { enforce, warn } = this.#policy(attributes);
    if (enforce.level === "privileged" && warn.level === "privileged") return;
    const pod = attributes.object as Pod;
    if (attributes.operation === "UPDATE" && !changesWhatRuns(pod, attributes.old as Pod)) return;
    const found = violations(pod, enforce);
    if (found.length > 0)
      throw refusal(attributes, `violates PodSecurity "${standardText(enforce)}": ${detailText(found)}`);
    warnAbout(attributes, pod, warn);
  }

  /** Labels must be readable where they change; pods that a new level would not have let in are named. */
  #namespace(attributes: AdmissionAttributes): void {
    const { metadata } = attributes.object as Namespace;
    const errors = labelErrors(metadata.labels);
    const old = attributes.old as KubeObject | undefined;
    const before = labelErrors(old?.metadata.labels);
    const isNew = errors.length > 0 && JSON.stringify(errors) !== JSON.stringify(before);
    if (isNew) throw invalid("", "Namespace", metadata.name ?? "", errors);
    if (old === undefined) return;
    const { enforce } = policyOf(metadata.labels);
    const was = policyOf(old.metadata.labels).enforce;
    if (enforce.level === "privileged" || standardText(enforce) === standardText(was)) return;
    if (enforce.minor === was.minor && compareLevels(enforce.level, was.level) < 1) return;
    for (const text of this.#existing(metadata.name ?? "", enforce)) attributes.warn(text);
  }

  #existing(namespace: string, enforce: Standard): string[] {
    const all = this.#reader.list("pods", namespace) as readonly Pod[];
    const namesBy = new Map<string, string[]>();
    for (const pod of all.slice(0, MAX_PODS)) {
      const found = violations(pod, enforce);
      if (found.length === 0) continue;
      const reason = reasonText(found);
      namesBy.set(reason, [...(namesBy.get(reason) ?? []), pod.metadata.name]);
    }
    const warnings: string[] = [];
    if (all.length > MAX_PODS)
      warnings.push(
        `new PodSecurity enforce level only checked against the first ${MAX_PODS} of ${all.length} existing pods`,
      );
    if (namesBy.size > 0)
      warnings.push(
        `existing pods in namespace "${namespace}" violate the new PodSecurity enforce level "${standardText(enforce)}"`,
      );
    return [...warnings, ...[...namesBy].map(([reason, names]) => `${namesText(names)}: ${reason}`).sort()];
  }
}

function namesText(names: readonly string[]): string {
  const [first = ""] = [...names].sort();
  if (names.length === 1) return first;
  return `${first} (and ${names.length - 1} other ${names.length === 2 ? "pod" : "pods"})`;
}

function warnAbout(attributes: AdmissionAttributes, pod: PodLike, warn: Standard): void {
  const found = violations(pod, warn);
  if (found.length > 0) attributes.warn(`would violate PodSecurity "${standardText(warn)}": ${detailText(found)}`);
}

/** Of what may change in a pod only images and added containers matter. */
function changesWhatRuns({ spec }: Pod, { spec: old }: Pod): boolean {
  const differs = (now: readonly Container[] = [], was: readonly Container[] = []): boolean =>
    now.length !== was.length || now.some((each, i) => each.image !== was[i]?.image);
  if (differs(spec.containers, old.containers) || differs(spec.initContainers, old.initContainers)) return true;
  return (spec.ephemeralContainers ?? []).some(
    (each) => old.ephemeralContainers?.find((other) => other.name === each.name)?.image !== each.image,
  );
}
