import type { Pod } from "#pkg/api/types/core-v1.ts";
import type { PodHostname } from "./hostname.ts";

const HEADER = "# Kubernetes-managed hosts file";

/**
 * The text of a pod's /etc/hosts. `hostText` is the node's own file, which pods on the host's network see; then come
 * spec.hostAliases. Upstream's wording, because programs and tests look for it.
 */
export function etcHosts(pod: Pod, podIPs: readonly string[], name: PodHostname, hostText: string): string {
  const head = pod.spec.hostNetwork === true ? `${HEADER} (host network).\n${hostText}` : podHead(podIPs, name);
  const aliases = pod.spec.hostAliases ?? [];
  if (aliases.length === 0) return head;
  const lines = aliases.map(({ ip, hostnames = [] }) => `${[ip, ...hostnames].join("\t")}\n`);
  return `${head}\n# Entries added by HostAliases.\n${lines.join("")}`;
}

function podHead(podIPs: readonly string[], { hostname, domain }: PodHostname): string {
  const names = domain === "" ? hostname : `${hostname}.${domain}\t${hostname}`;
  return [
    `${HEADER}.`,
    "127.0.0.1\tlocalhost",
    "::1\tlocalhost ip6-localhost ip6-loopback",
    "fe00::0\tip6-localnet",
    "fe00::0\tip6-mcastprefix",
    "fe00::1\tip6-allnodes",
    "fe00::2\tip6-allrouters",
    ...podIPs.map((ip) => `${ip}\t${names}`),
    "",
  ].join("\n");
}
