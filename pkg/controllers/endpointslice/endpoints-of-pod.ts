import { isIPv4, isIPv6 } from "node:net";
import type { Node, Pod, Service } from "#pkg/api/types/core-v1.ts";
import type { Endpoint, EndpointPort } from "#pkg/api/types/discovery-v1.ts";
import { isPodFinished, isPodReady } from "../objects/index.ts";

export type AddressType = "IPv4" | "IPv6";

/** A service's families; without any recorded, that of its cluster IP. */
export function addressTypesOf(service: Service): AddressType[] {
  const families = service.spec.ipFamilies ?? [];
  if (families.length > 0) return families.filter((f): f is AddressType => f === "IPv4" || f === "IPv6");
  return [isIPv6(service.spec.clusterIP ?? "") ? "IPv6" : "IPv4"];
}

/** A pod that has addresses and has not finished. */
export function hasEndpoints(pod: Pod): boolean {
  return !isPodFinished(pod) && podIPs(pod).length > 0;
}

export function podIPs(pod: Pod): string[] {
  const all = pod.status?.podIPs?.map((p) => p.ip) ?? [];
  if (all.length > 0) return all;
  return pod.status?.podIP === undefined || pod.status.podIP === "" ? [] : [pod.status.podIP];
}

/** The pod as an endpoint of the service; undefined without an address of the family. */
export function endpointOf(
  pod: Pod,
  service: Service,
  node: Node | undefined,
  family: AddressType,
): Endpoint | undefined {
  const addresses = podIPs(pod).filter((ip) => (family === "IPv4" ? isIPv4(ip) : isIPv6(ip)));
  if (addresses.length === 0) return undefined;
  const serving = isPodReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating);
  const zone = node?.metadata.labels?.["topology.kubernetes.io/zone"];
  const hints = ready ? hintsFor(service, pod.spec.nodeName, zone) : undefined;
  return {
    addresses,
    conditions: { ready, serving, terminating },
    ...(hostnameIn(pod, service) === undefined ? {} : { hostname: hostnameIn(pod, service) as string }),
    ...(pod.spec.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
    ...(zone === undefined ? {} : { zone }),
    ...(hints === undefined ? {} : { hints }),
    targetRef: {
      kind: "Pod",
      namespace: pod.metadata.namespace ?? "",
      name: pod.metadata.name,
      uid: pod.metadata.uid,
    },
  };
}

/** spec.trafficDistribution as hints: each endpoint is for its own zone, and with PreferSameNode for its own node. */
function hintsFor(service: Service, node: string | undefined, zone: string | undefined): Endpoint["hints"] {
  const wish = service.spec.trafficDistribution;
  const forZones = zone === undefined ? {} : { forZones: [{ name: zone }] };
  if (wish === "PreferClose" || wish === "PreferSameZone") return zone === undefined ? undefined : forZones;
  if (wish === "PreferSameNode" && node !== undefined) return { ...forZones, forNodes: [{ name: node }] };
  return undefined;
}

/** The pod's name in the service's domain, which it has when spec.subdomain names the service. */
export function hostnameIn(pod: Pod, service: Service): string | undefined {
  const { hostname, subdomain } = pod.spec;
  if (hostname === undefined || hostname === "" || subdomain !== service.metadata.name) return undefined;
  return pod.metadata.namespace === service.metadata.namespace ? hostname : undefined;
}

/** The service's ports as this pod serves them: a named target port may be another number in every pod. */
export function portsOf(service: Service, pod: Pod): EndpointPort[] {
  const ports: EndpointPort[] = [];
  for (const port of service.spec.ports ?? []) {
    const protocol = port.protocol ?? "TCP";
    const target = port.targetPort ?? port.port;
    const number = typeof target === "number" ? target : namedPort(pod, target, protocol);
    if (number === undefined) continue;
    ports.push({
      name: port.name ?? "",
      port: number,
      protocol,
      ...(port.appProtocol === undefined ? {} : { appProtocol: port.appProtocol }),
    });
  }
  return ports;
}

function namedPort(pod: Pod, name: string, protocol: string): number | undefined {
  const sidecars = (pod.spec.initContainers ?? []).filter((c) => c.restartPolicy === "Always");
  for (const container of [...pod.spec.containers, ...sidecars]) {
    const found = container.ports?.find((p) => p.name === name && (p.protocol ?? "TCP") === protocol);
    if (found !== undefined) return found.containerPort;
  }
  return undefined;
}
