import { isIPv6 } from "node:net";
import { semanticEqual } from "#pkg/api/index.ts";
import type { KubeObject, NewObject, ResourceRef } from "#pkg/api/resource-ref.ts";
import { type Endpoints, endpoints, type Service, services } from "#pkg/api/types/core-v1.ts";
import { type EndpointSlice, endpointslices } from "#pkg/api/types/discovery-v1.ts";
import type { Client } from "#pkg/client/types.ts";
import { isAlreadyExists, isNotFound } from "#pkg/errors/index.ts";

export interface AdvertisedAddress {
  readonly address: string;
  readonly port: number;
}

const AT = { namespace: "default", name: "kubernetes" } as const;
const PORT_NAME = "https";

/** Makes default/kubernetes and what stands behind it true: how pods reach this API server. */
export async function reconcileKubernetesService(
  client: Pick<Client, "get" | "create" | "update">,
  clusterIp: string,
  advertised: AdvertisedAddress,
): Promise<void> {
  await ensure(client, services, wantedService(clusterIp, advertised), (now: Service) => ({
    ...now,
    spec: { ...now.spec, ports: wantedPorts(advertised) },
  }));
  await ensure(client, endpoints, wantedEndpoints(advertised), (now: Endpoints) => ({
    ...now,
    ...wantedEndpoints(advertised),
    metadata: { ...now.metadata, labels: { ...now.metadata.labels, ...ENDPOINTS_LABELS } },
  }));
  await ensure(client, endpointslices, wantedSlice(advertised), (now: EndpointSlice) => ({
    ...now,
    ...wantedSlice(advertised),
    metadata: { ...now.metadata, labels: { ...now.metadata.labels, ...SLICE_LABELS } },
  }));
}

const ENDPOINTS_LABELS = { "endpointslice.kubernetes.io/skip-mirror": "true" };
const SLICE_LABELS = { "kubernetes.io/service-name": AT.name };

const wantedPorts = ({ port }: AdvertisedAddress) => [
  { name: PORT_NAME, protocol: "TCP", port: 443, targetPort: port },
];
const wantedService = (clusterIP: string, advertised: AdvertisedAddress): NewObject<Service> => ({
  metadata: { ...AT, labels: { component: "apiserver", provider: "kubernetes" } },
  spec: { type: "ClusterIP", clusterIP, ports: wantedPorts(advertised), sessionAffinity: "None" },
});
const wantedEndpoints = ({ address, port }: AdvertisedAddress): NewObject<Endpoints> => ({
  metadata: { ...AT, labels: ENDPOINTS_LABELS },
  subsets: [{ addresses: [{ ip: address }], ports: [{ name: PORT_NAME, port, protocol: "TCP" }] }],
});
const wantedSlice = ({ address, port }: AdvertisedAddress): NewObject<EndpointSlice> => ({
  metadata: { ...AT, labels: SLICE_LABELS },
  addressType: isIPv6(address) ? "IPv6" : "IPv4",
  endpoints: [{ addresses: [address], conditions: { ready: true } }],
  ports: [{ name: PORT_NAME, port, protocol: "TCP" }],
});

/** Creates what is missing and updates what differs. `adjust` makes the wanted object out of the one there is. */
async function ensure<T extends KubeObject>(
  client: Pick<Client, "get" | "create" | "update">,
  resource: ResourceRef<T>,
  wanted: NewObject<T>,
  adjust: (now: T) => T,
): Promise<void> {
  let now: T;
  try {
    now = await client.get(resource, AT);
  } catch (err) {
    if (!isNotFound(err)) throw err;
    await client.create(resource, wanted).catch((failed: unknown) => {
      if (!isAlreadyExists(failed)) throw failed;
    });
    return;
  }
  const next = adjust(now);
  if (!semanticEqual(next, now)) await client.update(resource, next);
}
