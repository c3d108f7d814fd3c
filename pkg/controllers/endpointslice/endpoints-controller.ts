import {
  type EndpointAddress,
  type EndpointPort,
  type EndpointSubset,
  type Endpoints,
  endpoints,
  type Pod,
  pods,
  type Service,
  services,
} from "#pkg/api/types/core-v1.ts";
import { type Informer, keyOf, splitKey } from "#pkg/client/index.ts";
import { isAlreadyExists, isNotFound } from "#pkg/errors/index.ts";
import { type ControllerParts, QueueController } from "../controller.ts";
import { canonicalJson, isPodReady, sameLabels, semanticEqual } from "../objects/index.ts";
import { messageOf } from "../pod-control.ts";
import { addressTypesOf, hasEndpoints, hostnameIn, podIPs, portsOf } from "./endpoints-of-pod.ts";
import { HEADLESS } from "./labels.ts";
import { ServiceIndex } from "./service-index.ts";

const MANAGED_BY = "endpoints.kubernetes.io/managed-by";
const OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity";
const MAX_ADDRESSES = 1000;

/** The older, one-object form of EndpointSlices, which many clients still read. Writes Endpoints. */
export class EndpointsController extends QueueController {
  readonly #parts: ControllerParts;
  readonly #services: Informer<Service>;
  readonly #endpoints: Informer<Endpoints>;
  readonly #index: ServiceIndex;

  constructor(parts: ControllerParts) {
    const serviceInformer = parts.informers.informer(services);
    const podInformer = parts.informers.informer(pods);
    const endpointsInformer = parts.informers.informer(endpoints);
    super({
      name: "endpoints",
      informers: [serviceInformer, podInformer, endpointsInformer],
      log: parts.log,
      sync: (key) => this.#sync(key),
    });
    this.#parts = parts;
    this.#services = serviceInformer;
    this.#endpoints = endpointsInformer;
    this.#index = new ServiceIndex(serviceInformer, podInformer);
    const enqueue = (service: Service): void => this.queue.add(keyOf(service));
    serviceInformer.addHandler({ add: enqueue, update: enqueue, delete: enqueue });
    this.#index.onPodChange(enqueue);
    endpointsInformer.addHandler({
      add: (object) => {
        // Left behind by a service that went away while no controller ran.
        if (object.metadata.labels?.[MANAGED_BY] !== undefined) this.queue.add(keyOf(object));
      },
      delete: (object) => this.queue.add(keyOf(object)),
    });
  }

  async #sync(key: string): Promise<void> {
    const at = splitKey(key);
    const service = this.#services.lister.getByKey(key);
    const current = this.#endpoints.lister.getByKey(key);
    if (service === undefined) {
      if (current?.metadata.labels?.[MANAGED_BY] !== undefined) await this.#delete(at);
      return;
    }
    if (service.spec.type === "ExternalName" || Object.keys(service.spec.selector ?? {}).length === 0) return;
    if (service.metadata.deletionTimestamp !== undefined) return;
    const { subsets, truncated } = subsetsOf(service, this.#index.podsOf(service));
    const { [HEADLESS]: _, ...own } = service.metadata.labels ?? {};
    const labels = {
      ...own,
      [MANAGED_BY]: "endpoint-controller",
      ...(service.spec.clusterIP === "None" ? { [HEADLESS]: "" } : {}),
    };
    const { [OVER_CAPACITY]: __, ...kept } = current?.metadata.annotations ?? {};
    const annotations = truncated ? { ...kept, [OVER_CAPACITY]: "truncated" } : kept;
    if (
      current !== undefined &&
      semanticEqual(current.subsets, subsets) &&
      sameLabels(current.metadata.labels, labels) &&
      sameLabels(current.metadata.annotations, annotations)
    ) {
      return;
    }
    try {
      if (current === undefined) {
        await this.#parts.client.create(endpoints, { metadata: { ...at, labels, annotations }, subsets });
      } else {
        const metadata = { ...current.metadata, labels, annotations };
        await this.#parts.client.update(endpoints, { ...current, metadata, subsets });
      }
    } catch (err) {
      if (isAlreadyExists(err)) throw err;
      const text = `Failed to ${current === undefined ? "create" : "update"} endpoint ${key}: ${messageOf(err)}`;
      const reason = current === undefined ? "FailedToCreateEndpoint" : "FailedToUpdateEndpoint";
      this.#parts.recorder.event({ resource: services, object: service }, "Warning", reason, text);
      throw err;
    }
  }

  async #delete(at: { readonly namespace?: string; readonly name: string }): Promise<void> {
    try {
      await this.#parts.client.delete(endpoints, at);
    } catch (err) {
      if (!isNotFound(err)) throw err;
    }
  }
}

/** Addresses grouped by the ports they serve, in a stable order; at most 1000, ready ones first. */
export function subsetsOf(
  service: Service,
  pods: readonly Pod[],
): { readonly subsets: EndpointSubset[]; readonly truncated: boolean } {
  const publishAll = service.spec.publishNotReadyAddresses === true;
  const family = addressTypesOf(service)[0];
  const candidates = pods.filter(
    (pod) => hasEndpoints(pod) && (publishAll || pod.metadata.deletionTimestamp === undefined),
  );
  const isUsable = (pod: Pod): boolean => publishAll || isPodReady(pod);
  const ordered = candidates.toSorted((a, b) => Number(isUsable(b)) - Number(isUsable(a)));
  const groups = new Map<string, { ports: EndpointPort[]; ready: EndpointAddress[]; notReady: EndpointAddress[] }>();
  for (const pod of ordered.slice(0, MAX_ADDRESSES)) {
    const ip = podIPs(pod).find((address) => address.includes(":") === (family === "IPv6"));
    if (ip === undefined) continue;
    const ports = endpointPorts(service, pod);
    if (ports.length === 0 && (service.spec.ports ?? []).length > 0) continue;
    const key = canonicalJson(ports);
    let group = groups.get(key);
    if (group === undefined) groups.set(key, (group = { ports, ready: [], notReady: [] }));
    (isUsable(pod) ? group.ready : group.notReady).push(addressOf(pod, service, ip));
  }
  const byIp = (a: EndpointAddress, b: EndpointAddress): number => (a.ip < b.ip ? -1 : 1);
  const subsets = [...groups.entries()]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([, { ports, ready, notReady }]): EndpointSubset => ({
        ...(ready.length === 0 ? {} : { addresses: ready.toSorted(byIp) }),
        ...(notReady.length === 0 ? {} : { notReadyAddresses: notReady.toSorted(byIp) }),
        ...(ports.length === 0 ? {} : { ports }),
      }),
    );
  return { subsets, truncated: ordered.length > MAX_ADDRESSES };
}

/** In this older type an unnamed port has no name instead of an empty one. */
function endpointPorts(service: Service, pod: Pod): EndpointPort[] {
  return portsOf(service, pod)
    .map(({ name, port = 0, protocol = "TCP", appProtocol }) => ({
      ...(name === undefined || name === "" ? {} : { name }),
      port,
      protocol,
      ...(appProtocol === undefined ? {} : { appProtocol }),
    }))
    .toSorted((a, b) => (canonicalJson(a) < canonicalJson(b) ? -1 : 1));
}

function addressOf(pod: Pod, service: Service, ip: string): EndpointAddress {
  const hostname = hostnameIn(pod, service);
  return {
    ip,
    ...(hostname === undefined ? {} : { hostname }),
    ...(pod.spec.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
    targetRef: {
      kind: "Pod",
      namespace: pod.metadata.namespace ?? "",
      name: pod.metadata.name,
      uid: pod.metadata.uid,
    },
  };
}
