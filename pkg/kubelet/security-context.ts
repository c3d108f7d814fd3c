import type {
  AppArmorProfile,
  Pod,
  PodSecurityContext,
  SecurityContext,
  SELinuxOptions,
  SeccompProfile,
} from "#pkg/api/types/core-v1.ts";
import type {
  LinuxContainerSecurityContext,
  LinuxSandboxSecurityContext,
  NamespaceOption,
  SecurityProfile,
  SELinuxOption,
} from "#pkg/cri/index.ts";
import { containerConfigError } from "./env.ts";
import type { AnyContainer } from "./types.ts";

/** The parts of /proc that a container must not see or write, unless procMount is Unmasked. */
const MASKED_PATHS = [
  "/proc/asound",
  "/proc/acpi",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/sys/firmware",
  "/sys/devices/virtual/powercap",
];
const READONLY_PATHS = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/** What is known about the image and the node when a security context is made. */
export interface SecurityFacts {
  readonly imageUid?: number;
  readonly imageUsername?: string;
  /** Localhost seccomp profiles lie below it. */
  readonly seccompRoot: string;
  /** CRI id of an ephemeral container's target, whose process namespace it joins. */
  readonly targetContainerId?: string;
  /** Groups that the pod's volumes belong to besides fsGroup. */
  readonly volumeGroups?: readonly number[];
}

/** The CRI's security context of a container: its own settings over the pod's. */
export function containerSecurityContext(
  pod: Pod,
  container: AnyContainer,
  facts: SecurityFacts,
): LinuxContainerSecurityContext {
  const own = effectiveSecurityContext(pod, container);
  verifyRunAsNonRoot(pod, container, own, facts);
  const ofPod = pod.spec.securityContext;
  const uid = own.runAsUser ?? facts.imageUid;
  const unmasked = own.procMount === "Unmasked";
  const apparmor = own.appArmorProfile ?? annotatedAppArmor(pod, container.name);
  return {
    capabilities: {
      addCapabilities: own.capabilities?.add ?? [],
      dropCapabilities: own.capabilities?.drop ?? [],
    },
    privileged: own.privileged ?? false,
    namespaceOptions: namespaceOptions(pod, facts.targetContainerId),
    ...(own.seLinuxOptions === undefined ? {} : { selinuxOptions: selinux(own.seLinuxOptions) }),
    ...(uid === undefined ? { runAsUsername: facts.imageUsername ?? "" } : { runAsUser: { value: uid } }),
    ...(own.runAsGroup === undefined ? {} : { runAsGroup: { value: own.runAsGroup } }),
    readonlyRootfs: own.readOnlyRootFilesystem ?? false,
    supplementalGroups: [...podGroups(ofPod), ...(facts.volumeGroups ?? [])],
    supplementalGroupsPolicy: ofPod?.supplementalGroupsPolicy === "Strict" ? "Strict" : "Merge",
    noNewPrivs: own.allowPrivilegeEscalation === false,
    maskedPaths: unmasked ? [] : MASKED_PATHS,
    readonlyPaths: unmasked ? [] : READONLY_PATHS,
    seccomp: securityProfile(own.seccompProfile, facts.seccompRoot),
    ...(apparmor === undefined ? {} : { apparmor: securityProfile(apparmor, "") }),
  };
}

/** The CRI's security context of the pod's sandbox. */
export function sandboxSecurityContext(pod: Pod, seccompRoot: string): LinuxSandboxSecurityContext {
  const { securityContext: context } = pod.spec;
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  return {
    namespaceOptions: namespaceOptions(pod),
    ...(context?.seLinuxOptions === undefined ? {} : { selinuxOptions: selinux(context.seLinuxOptions) }),
    ...(context?.runAsUser === undefined ? {} : { runAsUser: { value: context.runAsUser } }),
    ...(context?.runAsGroup === undefined ? {} : { runAsGroup: { value: context.runAsGroup } }),
    supplementalGroups: podGroups(context),
    supplementalGroupsPolicy: context?.supplementalGroupsPolicy === "Strict" ? "Strict" : "Merge",
    privileged: containers.some((container) => container.securityContext?.privileged === true),
    // The pause process runs confined whatever the containers do, unless the pod names a profile.
    seccomp: securityProfile(context?.seccompProfile ?? { type: "RuntimeDefault" }, seccompRoot),
  };
}

/** A container's settings with the pod's where it has none. */
export function effectiveSecurityContext(pod: Pod, container: AnyContainer): SecurityContext {
  const { appArmorProfile, runAsGroup, runAsNonRoot, runAsUser, seLinuxOptions, seccompProfile } =
    pod.spec.securityContext ?? {};
  const inherited = { appArmorProfile, runAsGroup, runAsNonRoot, runAsUser, seLinuxOptions, seccompProfile };
  const own = Object.entries(container.securityContext ?? {}).filter(([, value]) => value !== undefined);
  return { ...inherited, ...Object.fromEntries(own) };
}

function verifyRunAsNonRoot(pod: Pod, container: AnyContainer, own: SecurityContext, facts: SecurityFacts): void {
  if (own.runAsNonRoot !== true) return;
  const where = `(pod: ${JSON.stringify(
    `${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`,
  )}, container: ${container.name})`;
  if (own.runAsUser === 0) throw containerConfigError(`container's runAsUser breaks non-root policy ${where}`);
  if (own.runAsUser !== undefined) return;
  const username = facts.imageUsername ?? "";
  if (facts.imageUid === undefined && username !== "") {
    throw containerConfigError(
      `container has runAsNonRoot and image has non-numeric user (${username}), cannot verify user is non-root ${where}`,
    );
  }
  if ((facts.imageUid ?? 0) === 0) {
    throw containerConfigError(`container has runAsNonRoot and image will run as root ${where}`);
  }
}

function namespaceOptions(pod: Pod, targetContainerId?: string): NamespaceOption {
  const { hostNetwork, hostPID, hostIPC, shareProcessNamespace } = pod.spec;
  const shared = { network: hostNetwork === true ? "NODE" : "POD", ipc: hostIPC === true ? "NODE" : "POD" } as const;
  if (targetContainerId !== undefined) return { ...shared, pid: "TARGET", targetId: targetContainerId };
  if (hostPID === true) return { ...shared, pid: "NODE" };
  return { ...shared, pid: shareProcessNamespace === true ? "POD" : "CONTAINER" };
}

function podGroups(context: PodSecurityContext | undefined): number[] {
  const groups = [...(context?.supplementalGroups ?? [])];
  if (context?.fsGroup !== undefined) groups.push(context.fsGroup);
  return groups;
}

/** No profile means unconfined: upstream's default unless the kubelet's seccompDefault is on. */
function securityProfile(profile: SeccompProfile | AppArmorProfile | undefined, root: string): SecurityProfile {
  if (profile?.type === "RuntimeDefault") return { profileType: "RuntimeDefault" };
  if (profile?.type === "Localhost") {
    const name = profile.localhostProfile ?? "";
    return { profileType: "Localhost", localhostRef: root === "" ? name : `${root}/${name}` };
  }
  return { profileType: "Unconfined" };
}

/** The annotation that named AppArmor profiles before there was a field, still honoured for static pods. */
function annotatedAppArmor(pod: Pod, container: string): AppArmorProfile | undefined {
  const value = pod.metadata.annotations?.[`container.apparmor.security.beta.kubernetes.io/${container}`];
  if (value === "runtime/default") return { type: "RuntimeDefault" };
  if (value === "unconfined") return { type: "Unconfined" };
  if (value?.startsWith("localhost/") === true)
    return { type: "Localhost", localhostProfile: value.slice("localhost/".length) };
  return undefined;
}

function selinux(options: SELinuxOptions): SELinuxOption {
  const { user = "", role = "", type = "", level = "" } = options;
  return { user, role, type, level };
}
