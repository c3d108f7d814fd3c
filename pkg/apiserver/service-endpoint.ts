import type { Service, ServicePort } from "#pkg/api/types/core-v1.ts";
import type { EndpointSlice } from "#pkg/api/types/discovery-v1.ts";
import { notFound, serviceUnavailable } from "#pkg/errors/index.ts";
import type { ObjectReader } from "./types.ts";

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** The port of a Service by its number. */
export const servicePort = (service: Service, port: number): ServicePort | undefined =>
  service.spec?.ports?.find((each) => each.port === port);

export function slicesOf(reader: ObjectReader, namespace: string, service: string): readonly EndpointSlice[] {
  const slices = reader.list("discovery.k8s.io/endpointslices", namespace) as readonly EndpointSlice[];
  return slices.filter((slice) => slice.metadata.labels?.["kubernetes.io/service-name"] === service);
}

/** Ready addresses of a named port. */
export function readyEndpoints(slices: readonly EndpointSlice[], portName: string): Endpoint[] {
  return slices.flatMap((slice) => {
    const port = slice.ports?.find((each) => (each.name ?? "") === portName)?.port;
    if (port === undefined) return [];
    const ready = (slice.endpoints ?? []).filter((endpoint) => endpoint.conditions?.ready !== false);
    return ready.flatMap((endpoint) => endpoint.addresses.map((host) => ({ host, port })));
  });
}

/**
 * One of a Service's ready endpoints, picked at random, as with upstream's --enable-aggregator-routing: its ClusterIP is
 * only routable where a proxy runs on the same host.
 */
export function anyEndpoint(
  reader: ObjectReader,
  namespace: string,
  service: string,
  portName: string,
): Endpoint | undefined {
  const candidates = readyEndpoints(slicesOf(reader, namespace, service), portName);
  return candidates[Math.floor(Math.random() * candidates.length)];
}

/** Where a Service's port is reached. @throws ApiError 404, 503 */
export function resolveEndpoint(reader: ObjectReader, namespace: string, name: string, port: number): Endpoint {
  const service = reader.get("services", namespace, name) as Service | undefined;
  if (service === undefined) throw notFound({ group: "", plural: "services" }, name);
  const { type, externalName = "" } = service.spec ?? {};
  if (type === "ExternalName") return { host: externalName, port };
  const wanted = servicePort(service, port);
  if (wanted === undefined) throw serviceUnavailable(`no service port ${port} found for service "${name}"`);
  const picked = anyEndpoint(reader, namespace, name, wanted.name ?? "");
  if (picked === undefined) throw serviceUnavailable(`no endpoints available for service "${name}"`);
  return picked;
}
