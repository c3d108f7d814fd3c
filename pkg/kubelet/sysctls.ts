import type { Pod } from "#pkg/api/types/core-v1.ts";

/** Settings that a pod has for itself and that cannot hurt the node: "Using sysctls in a Kubernetes Cluster". */
const SAFE = new Set([
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.ip_local_reserved_ports",
  "net.ipv4.ip_unprivileged_port_start",
  "net.ipv4.ping_group_range",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_intvl",
  "net.ipv4.tcp_keepalive_probes",
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_rmem",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.tcp_wmem",
]);

/**
 * Why the pod's sysctls cannot be set here (a pod that fails with SysctlForbidden), or undefined. `allowedUnsafe` holds
 * names, or prefixes with a star ("net.core.*").
 */
export function forbiddenSysctl(pod: Pod, allowedUnsafe: readonly string[] = []): string | undefined {
  const { hostIPC, hostNetwork, securityContext } = pod.spec;
  for (const { name: written } of securityContext?.sysctls ?? []) {
    const name = written.replaceAll("/", ".");
    const isNet = name.startsWith("net.");
    if (isNet && hostNetwork === true) return `forbidden sysctl: "${name}" not allowed with host net enabled`;
    if (!isNet && hostIPC === true) return `forbidden sysctl: "${name}" not allowed with host ipc enabled`;
    const isAllowed = allowedUnsafe.some((rule) =>
      rule.endsWith("*") ? name.startsWith(rule.slice(0, -1)) : rule === name,
    );
    if (!SAFE.has(name) && !isAllowed) return `forbidden sysctl: "${name}" not allowlisted`;
  }
  return undefined;
}
