import type { Container, LifecycleHandler, Probe, SELinuxOptions } from "#pkg/api/types/core-v1.ts";
import {
  type Check,
  containersNamed,
  containersOf,
  inUserNamespace,
  namesWhere,
  plural,
  type PodLike,
  quoted,
  settersOf,
  sorted,
  type Violation,
} from "./check.ts";

const DEFAULT_CAPABILITIES = new Set([
  "AUDIT_WRITE",
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "MKNOD",
  "NET_BIND_SERVICE",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
]);
const APPARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/";
const APPARMOR_TYPES = new Set(["RuntimeDefault", "Localhost"]);
const SECCOMP_TYPES = new Set(["RuntimeDefault", "Localhost"]);
const SELINUX_TYPES = ["container_t", "container_init_t", "container_kvm_t"];
const SAFE_SYSCTLS = [
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.ping_group_range",
  "net.ipv4.ip_unprivileged_port_start",
];
const SYSCTLS_27 = [...SAFE_SYSCTLS, "net.ipv4.ip_local_reserved_ports"];
const SYSCTLS_29 = [
  ...SYSCTLS_27,
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_intvl",
  "net.ipv4.tcp_keepalive_probes",
];
const SYSCTLS_32 = [...SYSCTLS_29, "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"];

function appArmor(pod: PodLike): Violation | undefined {
  const typeOf = (context: { readonly appArmorProfile?: { readonly type?: string } } | undefined): string[] => {
    const profile = context?.appArmorProfile;
    return profile === undefined || APPARMOR_TYPES.has(profile.type ?? "") ? [] : [profile.type ?? ""];
  };
  const ofPod = typeOf(pod.spec.securityContext);
  const containers = containersOf(pod).filter((each) => typeOf(each.securityContext).length > 0);
  const annotations = Object.entries(pod.metadata?.annotations ?? {}).filter(
    ([key, value]) =>
      key.startsWith(APPARMOR_ANNOTATION) &&
      value !== "" &&
      value !== "runtime/default" &&
      !value.startsWith("localhost/"),
  );
  const setters = [
    settersOf(
      ofPod.length > 0,
      containers.map((each) => each.name),
    ),
  ].filter((each) => each !== undefined);
  const keys = annotations.map(([key]) => key).sort();
  if (keys.length > 0) setters.push(`${plural("annotation", keys)} ${quoted(keys)}`);
  if (setters.length === 0) return undefined;
  const values = sorted([
    ...ofPod,
    ...containers.flatMap((each) => typeOf(each.securityContext)),
    ...annotations.map(([, value]) => value),
  ]);
  return {
    reason: plural("forbidden AppArmor profile", values),
    detail: `${setters.join(" and ")} must not set AppArmor profile type to ${quoted(values)}`,
  };
}

function capabilities(pod: PodLike): Violation | undefined {
  const bad = ({ securityContext }: Container): string[] =>
    (securityContext?.capabilities?.add ?? []).filter((each) => !DEFAULT_CAPABILITIES.has(each));
  const names = namesWhere(pod, (each) => bad(each).length > 0);
  if (names.length === 0) return undefined;
  const added = sorted(containersOf(pod).flatMap(bad));
  return {
    reason: "non-default capabilities",
    detail: `${containersNamed(names)} must not include ${quoted(added)} in securityContext.capabilities.add`,
  };
}

function hostNamespaces({ spec }: PodLike): Violation | undefined {
  const found = (["hostNetwork", "hostPID", "hostIPC"] as const).filter((each) => spec[each] === true);
  const detail = found.map((each) => `${each}=true`).join(", ");
  return found.length === 0 ? undefined : { reason: "host namespaces", detail };
}

function hostPaths({ spec }: PodLike): Violation | undefined {
  const names = (spec.volumes ?? []).filter((each) => each.hostPath !== undefined).map((each) => each.name);
  if (names.length === 0) return undefined;
  return { reason: "hostPath volumes", detail: `${plural("volume", names)} ${quoted(names)}` };
}

function hostPorts(pod: PodLike): Violation | undefined {
  const portsOf = (container: Container): string[] =>
    (container.ports ?? []).filter((each) => (each.hostPort ?? 0) !== 0).map((each) => String(each.hostPort));
  const names = namesWhere(pod, (each) => portsOf(each).length > 0);
  if (names.length === 0) return undefined;
  const ports = sorted(containersOf(pod).flatMap(portsOf));
  const uses = names.length === 1 ? "uses" : "use";
  return {
    reason: "hostPort",
    detail: `${containersNamed(names)} ${uses} ${plural("hostPort", ports)} ${ports.join(", ")}`,
  };
}

function probeHosts(pod: PodLike): Violation | undefined {
  const hostsOf = (container: Container): string[] => {
    const { livenessProbe, readinessProbe, startupProbe, lifecycle } = container;
    const handlers: readonly (Probe | LifecycleHandler | undefined)[] = [
      livenessProbe,
      readinessProbe,
      startupProbe,
      lifecycle?.postStart,
      lifecycle?.preStop,
    ];
    return handlers
      .flatMap((each) => [each?.httpGet?.host, each?.tcpSocket?.host])
      .filter((host): host is string => host !== undefined && host !== "");
  };
  const names = sorted(namesWhere(pod, (each) => hostsOf(each).length > 0));
  if (names.length === 0) return undefined;
  const hosts = sorted(containersOf(pod).flatMap(hostsOf));
  const uses = names.length === 1 ? "uses" : "use";
  return {
    reason: "probe or lifecycle host",
    detail: `${containersNamed(names)} ${uses} ${plural("probe or lifecycle host", hosts)} ${quoted(hosts)}`,
  };
}

function privileged(pod: PodLike): Violation | undefined {
  const names = namesWhere(pod, (each) => each.securityContext?.privileged === true);
  if (names.length === 0) return undefined;
  return { reason: "privileged", detail: `${containersNamed(names)} must not set securityContext.privileged=true` };
}

export function procMount(pod: PodLike): Violation | undefined {
  const bad = ({ securityContext }: Container): boolean => (securityContext?.procMount ?? "Default") !== "Default";
  const names = namesWhere(pod, bad);
  if (names.length === 0) return undefined;
  const types = sorted(
    containersOf(pod)
      .filter(bad)
      .map((each) => each.securityContext?.procMount ?? ""),
  );
  return {
    reason: "procMount",
    detail: `${containersNamed(names)} must not set securityContext.procMount to ${quoted(types)}`,
  };
}

const seLinux =
  (types: readonly string[]) =>
  (pod: PodLike): Violation | undefined => {
    const allowed = new Set(["", ...types]);
    const isBad = (options: SELinuxOptions | undefined): boolean =>
      options !== undefined &&
      (!allowed.has(options.type ?? "") || (options.user ?? "") !== "" || (options.role ?? "") !== "");
    const ofPod = pod.spec.securityContext?.seLinuxOptions;
    const containers = containersOf(pod).filter((each) => isBad(each.securityContext?.seLinuxOptions));
    const setters = settersOf(
      isBad(ofPod),
      containers.map((each) => each.name),
    );
    if (setters === undefined) return undefined;
    const bad = [ofPod, ...containers.map((each) => each.securityContext?.seLinuxOptions)];
    const badTypes = sorted(bad.map((each) => each?.type ?? "").filter((type) => !allowed.has(type)));
    const data = [
      ...(badTypes.length > 0 ? [`${plural("type", badTypes)} ${quoted(badTypes)}`] : []),
      ...(bad.some((each) => (each?.user ?? "") !== "") ? ["user may not be set"] : []),
      ...(bad.some((each) => (each?.role ?? "") !== "") ? ["role may not be set"] : []),
    ];
    return {
      reason: "seLinuxOptions",
      detail: `${setters} set forbidden securityContext.seLinuxOptions: ${data.join("; ")}`,
    };
  };

/** What explicitly sets another seccomp profile than the known good ones; the restricted level asks for more. */
export function badSeccomp(pod: PodLike): Violation | undefined {
  const typeOf = (
    context: { readonly seccompProfile?: { readonly type?: string } } | undefined,
  ): string | undefined => {
    const type = context?.seccompProfile?.type;
    return type === undefined || SECCOMP_TYPES.has(type) ? undefined : type;
  };
  const ofPod = typeOf(pod.spec.securityContext);
  const containers = containersOf(pod).filter((each) => typeOf(each.securityContext) !== undefined);
  const setters = settersOf(
    ofPod !== undefined,
    containers.map((each) => each.name),
  );
  if (setters === undefined) return undefined;
  const all = [ofPod, ...containers.map((each) => typeOf(each.securityContext))];
  const types = sorted(all.filter((each) => each !== undefined));
  return {
    reason: "seccompProfile",
    detail: `${setters} must not set securityContext.seccompProfile.type to ${quoted(types)}`,
  };
}

const sysctls =
  (safe: readonly string[]) =>
  ({ spec }: PodLike): Violation | undefined => {
    const bad = (spec.securityContext?.sysctls ?? []).map((each) => each.name).filter((name) => !safe.includes(name));
    return bad.length === 0 ? undefined : { reason: "forbidden sysctls", detail: bad.join(", ") };
  };

function hostProcess(pod: PodLike): Violation | undefined {
  const names = namesWhere(pod, (each) => each.securityContext?.windowsOptions?.hostProcess === true);
  const setters = settersOf(pod.spec.securityContext?.windowsOptions?.hostProcess === true, names);
  if (setters === undefined) return undefined;
  return { reason: "hostProcess", detail: `${setters} must not set securityContext.windowsOptions.hostProcess=true` };
}

/** The baseline level, in upstream's order of ids. */
export const BASELINE: readonly Check[] = [
  { id: "appArmorProfile", since: 0, find: appArmor },
  { id: "capabilities_baseline", since: 0, find: capabilities },
  { id: "hostNamespaces", since: 0, find: hostNamespaces },
  { id: "hostPathVolumes", since: 0, find: hostPaths },
  { id: "hostPorts", since: 0, find: hostPorts },
  { id: "hostProbesAndHostLifecycle", since: 34, find: probeHosts },
  { id: "privileged", since: 0, find: privileged },
  { id: "procMount", since: 0, until: 35, find: procMount },
  { id: "procMount", since: 35, find: (pod) => (inUserNamespace(pod) ? undefined : procMount(pod)) },
  { id: "seLinuxOptions", since: 0, until: 31, find: seLinux(SELINUX_TYPES) },
  { id: "seLinuxOptions", since: 31, find: seLinux([...SELINUX_TYPES, "container_engine_t"]) },
  { id: "seccompProfile_baseline", since: 0, find: badSeccomp },
  { id: "sysctls", since: 0, until: 27, find: sysctls(SAFE_SYSCTLS) },
  { id: "sysctls", since: 27, until: 29, find: sysctls(SYSCTLS_27) },
  { id: "sysctls", since: 29, until: 32, find: sysctls(SYSCTLS_29) },
  { id: "sysctls", since: 32, find: sysctls(SYSCTLS_32) },
  { id: "windowsHostProcess", since: 0, find: hostProcess },
];
