import type { Pod, PodDNSConfig } from "#pkg/api/types/core-v1.ts";

/** Upstream's limits of what a pod's resolv.conf may hold. */
const MAX_NAMESERVERS = 3;
const MAX_SEARCHES = 32;
const MAX_SEARCH_CHARACTERS = 2048;

/** The parts of a resolv.conf. */
export interface ResolverConfig {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

export interface ClusterDns {
  /** Empty when the cluster has no DNS: pods then get the node's. */
  readonly servers: readonly string[];
  /** "cluster.local" */
  readonly domain: string;
}

/** Reads resolv.conf(5); the last search line wins. */
export function parseResolvConf(text: string): ResolverConfig {
  const servers: string[] = [];
  let searches: string[] = [];
  let options: string[] = [];
  for (const line of text.split("\n")) {
    const [keyword, ...fields] = line
      .replace(/[#;].*$/, "")
      .trim()
      .split(/\s+/);
    if (keyword === "nameserver" && fields[0] !== undefined) servers.push(fields[0]);
    // A lone dot is the root: it adds nothing to search.
    if (keyword === "search") searches = fields.map((field) => (field === "." ? field : field.replace(/\.$/, "")));
    if (keyword === "options") options = fields;
  }
  return { servers, searches, options };
}

/**
 * What the pod's dnsPolicy and dnsConfig come to. `problem` says what did not fit upstream's limits and was left out,
 * or that the cluster has no DNS: an Event (DNSConfigForming, MissingClusterDNS) of the pod.
 */
export function podDns(
  pod: Pod,
  cluster: ClusterDns,
  host: ResolverConfig,
): ResolverConfig & { readonly problem?: { readonly reason: string; readonly message: string } } {
  const { policy, missing } = effectivePolicy(pod, cluster);
  const base = baseConfig(pod, policy, cluster, host);
  const merged = pod.spec.dnsConfig === undefined ? base : merge(base, pod.spec.dnsConfig);
  const limited = withinLimits(merged);
  if (missing) {
    const message = `pod: "${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})". kubelet does not have ClusterDNS IP configured and cannot create Pod using "${pod.spec.dnsPolicy}" policy. Falling back to "Default" policy.`;
    return { ...limited.config, problem: { reason: "MissingClusterDNS", message } };
  }
  if (limited.message === "") return limited.config;
  return { ...limited.config, problem: { reason: "DNSConfigForming", message: limited.message } };
}

function effectivePolicy(pod: Pod, cluster: ClusterDns): { policy: string; missing: boolean } {
  const wanted = pod.spec.dnsPolicy ?? "ClusterFirst";
  if (wanted === "None" || wanted === "Default") return { policy: wanted, missing: false };
  if (wanted === "ClusterFirst" && pod.spec.hostNetwork === true) return { policy: "Default", missing: false };
  const missing = cluster.servers.length === 0;
  return { policy: missing ? "Default" : "ClusterFirst", missing };
}

function baseConfig(pod: Pod, policy: string, cluster: ClusterDns, host: ResolverConfig): ResolverConfig {
  if (policy === "None") return { servers: [], searches: [], options: [] };
  if (policy === "Default") return host;
  const { domain, servers } = cluster;
  const own = domain === "" ? [] : [`${pod.metadata.namespace}.svc.${domain}`, `svc.${domain}`, domain];
  return { servers, searches: unique([...own, ...host.searches]), options: ["ndots:5"] };
}

function merge(base: ResolverConfig, more: PodDNSConfig): ResolverConfig {
  const options = new Map(base.options.map((option) => [option.split(":")[0] ?? option, option]));
  for (const { name = "", value } of more.options ?? []) {
    options.set(name, value === undefined || value === "" ? name : `${name}:${value}`);
  }
  return {
    servers: unique([...base.servers, ...(more.nameservers ?? [])]),
    searches: unique([...base.searches, ...(more.searches ?? [])]),
    options: [...options.values()],
  };
}

function withinLimits(config: ResolverConfig): { config: ResolverConfig; message: string } {
  const servers = config.servers.slice(0, MAX_NAMESERVERS);
  const searches: string[] = [];
  for (const search of config.searches.slice(0, MAX_SEARCHES)) {
    if ([...searches, search].join(" ").length > MAX_SEARCH_CHARACTERS) break;
    searches.push(search);
  }
  const messages: string[] = [];
  if (servers.length < config.servers.length) {
    messages.push(
      `Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: ${servers.join(" ")}`,
    );
  }
  if (searches.length < config.searches.length) {
    messages.push(
      `Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${searches.join(" ")}`,
    );
  }
  return { config: { servers, searches, options: config.options }, message: messages.join("; ") };
}

const unique = (list: readonly string[]): string[] => [...new Set(list)];
