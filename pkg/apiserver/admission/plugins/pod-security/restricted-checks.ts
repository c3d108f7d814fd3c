import type { Container, Volume } from "#pkg/api/types/core-v1.ts";
import { badSeccomp, procMount } from "./baseline-checks.ts";
import {
  type Check,
  containersNamed,
  containersOf,
  inUserNamespace,
  isWindows,
  namesWhere,
  plural,
  type PodLike,
  quoted,
  settersOf,
  sorted,
  type Violation,
} from "./check.ts";

const ALLOWED_VOLUMES = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "image",
  "persistentVolumeClaim",
  "projected",
  "secret",
] as const;

function privilegeEscalation(pod: PodLike): Violation | undefined {
  const names = namesWhere(pod, (each) => each.securityContext?.allowPrivilegeEscalation !== false);
  if (names.length === 0) return undefined;
  return {
    reason: "allowPrivilegeEscalation != false",
    detail: `${containersNamed(names)} must set securityContext.allowPrivilegeEscalation=false`,
  };
}

function capabilities(pod: PodLike): Violation | undefined {
  const added = ({ securityContext }: Container): string[] =>
    (securityContext?.capabilities?.add ?? []).filter((each) => each !== "NET_BIND_SERVICE");
  const keeping = namesWhere(pod, (each) => each.securityContext?.capabilities?.drop?.includes("ALL") !== true);
  const adding = namesWhere(pod, (each) => added(each).length > 0);
  const details: string[] = [];
  if (keeping.length > 0)
    details.push(`${containersNamed(keeping)} must set securityContext.capabilities.drop=["ALL"]`);
  if (adding.length > 0) {
    const all = sorted(containersOf(pod).flatMap(added));
    details.push(`${containersNamed(adding)} must not include ${quoted(all)} in securityContext.capabilities.add`);
  }
  return details.length === 0 ? undefined : { reason: "unrestricted capabilities", detail: details.join("; ") };
}

function volumes({ spec }: PodLike): Violation | undefined {
  const bad = (spec.volumes ?? []).filter((each) => ALLOWED_VOLUMES.every((type) => each[type] === undefined));
  if (bad.length === 0) return undefined;
  const names = bad.map((each) => each.name);
  const types = sorted(bad.map(typeOf));
  const uses = bad.length === 1 ? "uses" : "use";
  return {
    reason: "restricted volume types",
    detail: `${plural("volume", names)} ${quoted(names)} ${uses} ${plural("restricted volume type", types)} ${quoted(types)}`,
  };
}

const typeOf = (volume: Volume): string => Object.keys(volume).find((key) => key !== "name") ?? "unknown";

function runAsNonRoot(pod: PodLike): Violation | undefined {
  const ofPod = pod.spec.securityContext?.runAsNonRoot;
  const explicit = namesWhere(pod, (each) => each.securityContext?.runAsNonRoot === false);
  const reason = "runAsNonRoot != true";
  const setters = settersOf(ofPod === false, explicit);
  if (setters !== undefined) return { reason, detail: `${setters} must not set securityContext.runAsNonRoot=false` };
  const silent = namesWhere(pod, (each) => ofPod !== true && each.securityContext?.runAsNonRoot === undefined);
  if (silent.length === 0) return undefined;
  return { reason, detail: `pod or ${containersNamed(silent)} must set securityContext.runAsNonRoot=true` };
}

function runAsUser(pod: PodLike): Violation | undefined {
  const names = namesWhere(pod, (each) => each.securityContext?.runAsUser === 0);
  const setters = settersOf(pod.spec.securityContext?.runAsUser === 0, names);
  return setters === undefined ? undefined : { reason: "runAsUser=0", detail: `${setters} must not set runAsUser=0` };
}

function seccomp(pod: PodLike): Violation | undefined {
  const explicit = badSeccomp(pod);
  if (explicit !== undefined) return explicit;
  if (pod.spec.securityContext?.seccompProfile?.type !== undefined) return undefined;
  const silent = namesWhere(pod, (each) => each.securityContext?.seccompProfile?.type === undefined);
  if (silent.length === 0) return undefined;
  const types = 'securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"';
  return { reason: "seccompProfile", detail: `pod or ${containersNamed(silent)} must set ${types}` };
}

const unlessWindows =
  (find: Check["find"]): Check["find"] =>
  (pod) =>
    isWindows(pod) ? undefined : find(pod);
const unlessUserNamespace =
  (find: Check["find"]): Check["find"] =>
  (pod) =>
    inUserNamespace(pod) ? undefined : find(pod);

/** What the restricted level asks for besides the baseline, in upstream's order of ids. */
export const RESTRICTED: readonly Check[] = [
  { id: "allowPrivilegeEscalation", since: 8, until: 25, find: privilegeEscalation },
  { id: "allowPrivilegeEscalation", since: 25, find: unlessWindows(privilegeEscalation) },
  { id: "capabilities_restricted", since: 22, until: 25, overrides: "capabilities_baseline", find: capabilities },
  { id: "capabilities_restricted", since: 25, overrides: "capabilities_baseline", find: unlessWindows(capabilities) },
  { id: "procMount_restricted", since: 35, overrides: "procMount", find: procMount },
  { id: "restrictedVolumes", since: 0, overrides: "hostPathVolumes", find: volumes },
  { id: "runAsNonRoot", since: 0, until: 35, find: runAsNonRoot },
  { id: "runAsNonRoot", since: 35, find: unlessUserNamespace(runAsNonRoot) },
  { id: "runAsUser", since: 23, until: 35, find: runAsUser },
  { id: "runAsUser", since: 35, find: unlessUserNamespace(runAsUser) },
  { id: "seccompProfile_restricted", since: 19, until: 25, overrides: "seccompProfile_baseline", find: seccomp },
  { id: "seccompProfile_restricted", since: 25, overrides: "seccompProfile_baseline", find: unlessWindows(seccomp) },
];
