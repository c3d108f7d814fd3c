/** What an object uses of a ResourceQuota, and whether a quota's scopes are about it (upstream's quota evaluators). */
import { compareQuantities } from "../quantity.ts";
import { resourceKeyOf } from "../resource-key.ts";
import type { KubeObject } from "../resource-ref.ts";
import type {
  PersistentVolumeClaim,
  Pod,
  ResourceQuota,
  ScopedResourceSelectorRequirement,
  Service,
} from "../types/core-v1.ts";
import { podTotal, qosClassOf } from "./pod-resources.ts";

type Usage = Record<string, string>;
const BETA_CLASS = "volume.beta.kubernetes.io/storage-class";
const CLASS_SUFFIX = ".storageclass.storage.k8s.io/";
/** Resources that are counted under their own name besides "count/…". */
const PLAIN_COUNTS = new Set(["configmaps", "secrets", "replicationcontrollers", "resourcequotas", "services"]);
const COMPUTE = ["cpu", "memory", "ephemeral-storage"];

/** By the names that quotas use. `resource` is "plural" or "group/plural"; `now` in milliseconds since 1970. */
export function quotaUsage(resource: string, object: KubeObject, now = Date.now()): Usage {
  const usage: Usage = { [`count/${dotted(resource)}`]: "1" };
  if (PLAIN_COUNTS.has(resource)) usage[resource] = "1";
  if (resource === "pods") podUsage(object as Pod, usage, now);
  else if (resource === "services") serviceUsage(object as Service, usage);
  else if (resource === "persistentvolumeclaims") claimUsage(object as PersistentVolumeClaim, usage);
  return usage;
}

const dotted = (resource: string): string => {
  const slash = resource.indexOf("/");
  return slash < 0 ? resource : `${resource.slice(slash + 1)}.${resource.slice(0, slash)}`;
};

/** The resource whose objects use `name`: "requests.cpu" is used by pods. Undefined when nothing known does. */
export function resourceOfQuotaName(name: string): string | undefined {
  if (name.startsWith("count/")) {
    const [plural = "", ...group] = name.slice("count/".length).split(".");
    return resourceKeyOf(group.join("."), plural);
  }
  if (PLAIN_COUNTS.has(name)) return name;
  if (name.startsWith("services.")) return "services";
  if (name === "persistentvolumeclaims" || name === "requests.storage" || name.includes(CLASS_SUFFIX)) {
    return "persistentvolumeclaims";
  }
  return isPodResource(name) ? "pods" : undefined;
}
const isPodResource = (name: string): boolean =>
  name === "pods" || COMPUTE.includes(name) || /^(requests\.|limits\.|hugepages-)/.test(name);

function podUsage(pod: Pod, usage: Usage, now: number): void {
  if (pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed") return;
  // Nobody pays for a pod that should be gone, and is only held by a node that is lost.
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = pod.metadata;
  if (deletionTimestamp !== undefined && Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1000 < now)
    return;
  usage.pods = "1";
  for (const [name, amount] of Object.entries(podTotal(pod, "requests"))) {
    if (COMPUTE.includes(name) || name.startsWith("hugepages-")) usage[name] = amount;
    usage[`requests.${name}`] = amount;
  }
  for (const [name, amount] of Object.entries(podTotal(pod, "limits"))) {
    if (COMPUTE.includes(name)) usage[`limits.${name}`] = amount;
  }
}

function serviceUsage(service: Service, usage: Usage): void {
  const { type, ports = [], allocateLoadBalancerNodePorts } = service.spec ?? {};
  const isBalancer = type === "LoadBalancer";
  usage["services.loadbalancers"] = isBalancer ? "1" : "0";
  const explicit = ports.filter(({ nodePort = 0 }) => nodePort !== 0).length;
  const asked = isBalancer && allocateLoadBalancerNodePorts === false ? explicit : ports.length;
  usage["services.nodeports"] = String(isBalancer || type === "NodePort" ? asked : 0);
}

function claimUsage(claim: PersistentVolumeClaim, usage: Usage): void {
  const storage = storageOf(claim);
  const className = claim.metadata.annotations?.[BETA_CLASS] ?? claim.spec?.storageClassName ?? "";
  usage.persistentvolumeclaims = "1";
  if (storage !== undefined) usage["requests.storage"] = storage;
  if (className === "") return;
  usage[`${className}${CLASS_SUFFIX}persistentvolumeclaims`] = "1";
  if (storage !== undefined) usage[`${className}${CLASS_SUFFIX}requests.storage`] = storage;
}

/** What was allocated before a growth was taken back stays allocated (KEP-1790). */
function storageOf({ spec, status }: PersistentVolumeClaim): string | undefined {
  const asked = spec?.resources?.requests?.["storage"];
  const allocated = status?.allocatedResources?.["storage"];
  if (asked === undefined || allocated === undefined) return asked;
  return compareQuantities(allocated, asked) > 0 ? allocated : asked;
}

/** True when every scope of the quota is about the object. Only pods and claims have scopes. */
export function quotaIsAbout(quota: ResourceQuota, resource: string, object: KubeObject): boolean {
  const scopes: ScopedResourceSelectorRequirement[] = [
    ...(quota.spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: "Exists" })),
    ...(quota.spec?.scopeSelector?.matchExpressions ?? []),
  ];
  if (scopes.length === 0) return true;
  if (resource === "persistentvolumeclaims")
    return scopes.every((scope) => claimMatches(scope, object as PersistentVolumeClaim));
  return resource === "pods" && scopes.every((scope) => podMatches(scope, object as Pod));
}

/** A claim that changes its class belongs to all classes that it may have meanwhile. */
function claimMatches(scope: ScopedResourceSelectorRequirement, { spec, status }: PersistentVolumeClaim): boolean {
  if (scope.scopeName !== "VolumeAttributesClass") return false;
  const names = [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ].filter((name) => name !== undefined && name !== "");
  return names.length === 0 ? matchesClass(scope, "") : names.some((name) => matchesClass(scope, name as string));
}

function podMatches(scope: ScopedResourceSelectorRequirement, pod: Pod): boolean {
  switch (scope.scopeName) {
    case "Terminating":
      return pod.spec?.activeDeadlineSeconds !== undefined;
    case "NotTerminating":
      return pod.spec?.activeDeadlineSeconds === undefined;
    case "BestEffort":
      return qosClassOf(pod) === "BestEffort";
    case "NotBestEffort":
      return qosClassOf(pod) !== "BestEffort";
    case "PriorityClass":
      return matchesClass(scope, pod.spec?.priorityClassName ?? "");
    case "CrossNamespacePodAffinity":
      return reachesOtherNamespaces(pod);
    default:
      return false;
  }
}

function matchesClass(scope: ScopedResourceSelectorRequirement, name: string): boolean {
  switch (scope.operator) {
    case "In":
      return (scope.values ?? []).includes(name);
    case "NotIn":
      return !(scope.values ?? []).includes(name);
    case "Exists":
      return name !== "";
    default:
      return name === "";
  }
}

function reachesOtherNamespaces(pod: Pod): boolean {
  const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? {};
  return [podAffinity, podAntiAffinity].some((affinity) =>
    [
      ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
      ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((p) => p.podAffinityTerm),
    ].some((term) => (term.namespaces ?? []).length > 0 || term.namespaceSelector !== undefined),
  );
}
