/**
 * How Services become packets' ways. Everything up to the text is pure:
 *
 *   Service + its EndpointSlices ─▶ ServicePort[] ─▶ ServiceRules ─▶ RuleSet (all Services) ─▶ changed chains ─▶ iptables-restore
 *                service-ports.ts        service-rules.ts     rule-set.ts               restore-text.ts     proxier.ts
 */

export type Protocol = "tcp" | "udp" | "sctp";

export interface Endpoint {
  readonly ip: string;
  readonly port: number;
  readonly local: boolean;
}

/** One port of one Service as packets see it. */
export interface ServicePort {
  /** "namespace/name:port", for comments and chain names. */
  readonly name: string;
  readonly protocol: Protocol;
  readonly clusterIp: string;
  readonly port: number;
  readonly nodePort: number | undefined;
  readonly externalIps: readonly string[];
  readonly loadBalancerIps: readonly string[];
  readonly loadBalancerSourceRanges: readonly string[];
  /** Seconds of ClientIP affinity. */
  readonly affinitySeconds: number | undefined;
  readonly internalLocal: boolean;
  readonly externalLocal: boolean;
  /** Where traffic of cluster-wide policy goes. */
  readonly endpoints: readonly Endpoint[];
  /** Those of them, or of the terminating ones, on this node: where traffic of Local policy goes. */
  readonly localEndpoints: readonly Endpoint[];
  /** Any ready endpoint anywhere, whatever the policies. */
  readonly hasEndpoints: boolean;
}

/** What one Service adds to the tables. Lines are without the "-A CHAIN" in front. */
export interface ServiceRules {
  /** nat chains of this Service alone. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
  readonly natServices: readonly string[];
  readonly natNodePorts: readonly string[];
  readonly filterServices: readonly string[];
  readonly filterExternal: readonly string[];
  readonly filterFirewall: readonly string[];
}

/** Chain name to its rules, without the "-A CHAIN" in front. */
export type Table = ReadonlyMap<string, readonly string[]>;

/** Everything the proxy owns, by table. */
export interface RuleSet {
  readonly nat: Table;
  readonly filter: Table;
}
