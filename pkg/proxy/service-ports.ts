import type { Service } from "#pkg/api/types/core-v1.ts";
import type { EndpointSlice } from "#pkg/api/types/discovery-v1.ts";
import type { Endpoint, Protocol, ServicePort } from "./types.ts";

export interface NodeView {
  readonly nodeName: string;
  /** topology.kubernetes.io/zone of this node. */
  readonly zone: string | undefined;
}

interface Candidate extends Endpoint {
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly forZones: readonly string[];
  readonly forNodes: readonly string[];
}

function candidatesOf(
  slices: readonly EndpointSlice[],
  portName: string,
  protocol: string,
  node: NodeView,
): Candidate[] {
  const found = new Map<string, Candidate>();
  for (const slice of slices) {
    if (slice.addressType !== "IPv4") continue;
    for (const port of slice.ports ?? []) {
      if ((port.name ?? "") !== portName || (port.protocol ?? "TCP") !== protocol || port.port === undefined) continue;
      for (const endpoint of slice.endpoints ?? []) {
        const ip = endpoint.addresses[0];
        if (ip === undefined) continue;
        const ready = endpoint.conditions?.ready ?? true;
        const candidate: Candidate = {
          ip,
          port: port.port,
          local: endpoint.nodeName === node.nodeName,
          ready,
          serving: endpoint.conditions?.serving ?? ready,
          terminating: endpoint.conditions?.terminating ?? false,
          forZones: (endpoint.hints?.forZones ?? []).map((z) => z.name),
          forNodes: (endpoint.hints?.forNodes ?? []).map((n) => n.name),
        };
        const key = `${ip}:${port.port}`;
        // A pod in two slices for a moment: what serves wins.
        if (found.get(key)?.ready !== true) found.set(key, candidate);
      }
    }
  }
  return [...found.values()].sort((a, b) => (a.ip === b.ip ? a.port - b.port : a.ip < b.ip ? -1 : 1));
}

/** Ready ones; where there are none, those that still serve while they end (KEP-1669). */
function usable(candidates: readonly Candidate[]): readonly Candidate[] {
  const ready = candidates.filter((c) => c.ready);
  return ready.length > 0 ? ready : candidates.filter((c) => c.serving && c.terminating);
}

/** Hints count only where every endpoint has them and one is meant for here (KEP-2433, KEP-3015). */
function nearest(candidates: readonly Candidate[], node: NodeView): readonly Candidate[] {
  if (candidates.length > 0 && candidates.every((c) => c.forNodes.length > 0)) {
    const here = candidates.filter((c) => c.forNodes.includes(node.nodeName));
    if (here.length > 0) return here;
  }
  const { zone } = node;
  if (zone !== undefined && candidates.length > 0 && candidates.every((c) => c.forZones.length > 0)) {
    const here = candidates.filter((c) => c.forZones.includes(zone));
    if (here.length > 0) return here;
  }
  return candidates;
}

const bare = ({ ip, port, local }: Candidate): Endpoint => ({ ip, port, local });

/** The ports of a Service that need rules on this node; none for headless Services and names. */
export function servicePorts(service: Service, slices: readonly EndpointSlice[], node: NodeView): ServicePort[] {
  const { spec, metadata, status } = service;
  const clusterIp = spec.clusterIP;
  if (
    clusterIp === undefined ||
    clusterIp === "" ||
    clusterIp === "None" ||
    spec.type === "ExternalName" ||
    clusterIp.includes(":")
  )
    return [];
  if (metadata.labels?.["service.kubernetes.io/service-proxy-name"] !== undefined) return [];
  return (spec.ports ?? []).map((port) => {
    const protocol = port.protocol ?? "TCP";
    const candidates = candidatesOf(slices, port.name ?? "", protocol, node);
    const all = usable(candidates);
    return {
      name: `${metadata.namespace}/${metadata.name}${port.name === undefined || port.name === "" ? "" : `:${port.name}`}`,
      protocol: protocol.toLowerCase() as Protocol,
      clusterIp,
      port: port.port,
      nodePort: port.nodePort === 0 ? undefined : port.nodePort,
      externalIps: (spec.externalIPs ?? []).filter((ip) => !ip.includes(":")),
      loadBalancerIps: (status?.loadBalancer?.ingress ?? [])
        .filter((i) => i.ipMode !== "Proxy")
        .flatMap((i) => i.ip ?? [])
        .filter((ip) => !ip.includes(":")),
      loadBalancerSourceRanges: (spec.loadBalancerSourceRanges ?? []).map((r) => r.trim()),
      affinitySeconds:
        spec.sessionAffinity === "ClientIP"
          ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800)
          : undefined,
      internalLocal: spec.internalTrafficPolicy === "Local",
      externalLocal: spec.externalTrafficPolicy === "Local",
      endpoints: nearest(all, node).map(bare),
      localEndpoints: usable(candidates.filter((c) => c.local)).map(bare),
      hasEndpoints: all.length > 0,
    };
  });
}
