import { isIPv6 } from "node:net";
import { type EndpointAddress, type Endpoints, endpoints, type Service, services } from "#pkg/api/types/core-v1.ts";
import { type Endpoint, type EndpointSlice, endpointslices } from "#pkg/api/types/discovery-v1.ts";
import { type Informer, keyOf } from "#pkg/client/index.ts";
import { isNotFound } from "#pkg/errors/index.ts";
import { type ControllerParts, QueueController } from "../controller.ts";
import { controllerRefTo, sameLabels, semanticEqual } from "../objects/index.ts";
import type { AddressType } from "./endpoints-of-pod.ts";
import { MANAGED_BY, SERVICE_NAME } from "./labels.ts";
import { type DesiredEndpoint, planSlices } from "./plan.ts";
import { SliceTracker } from "./slice-tracker.ts";

const MANAGER = "endpointslicemirroring-controller.k8s.io";
const SKIP = "endpointslice.kubernetes.io/skip-mirror";
const LEADER = "control-plane.alpha.kubernetes.io/leader";
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
const BY_SERVICE = "mirrored-service";
const MAX_PER_SLICE = 1000;
const FAMILIES: readonly AddressType[] = ["IPv4", "IPv6"];

/** Copies Endpoints that users write for services without a selector into EndpointSlices, which proxies read. */
export class EndpointSliceMirroringController extends QueueController {
  readonly #parts: ControllerParts;
  readonly #services: Informer<Service>;
  readonly #endpoints: Informer<Endpoints>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #tracker: SliceTracker;

  constructor(parts: ControllerParts) {
    const serviceInformer = parts.informers.informer(services);
    const endpointsInformer = parts.informers.informer(endpoints);
    const sliceInformer = parts.informers.informer(endpointslices);
    super({
      name: "endpointslicemirroring",
      informers: [serviceInformer, endpointsInformer, sliceInformer],
      log: parts.log,
      sync: (key) => this.#sync(key),
    });
    this.#parts = parts;
    this.#services = serviceInformer;
    this.#endpoints = endpointsInformer;
    this.#slices = sliceInformer;
    this.#tracker = new SliceTracker(parts);
    sliceInformer.addIndex(BY_SERVICE, serviceKeys);
    const enqueue = (object: Endpoints | Service): void => this.queue.add(keyOf(object));
    endpointsInformer.addHandler({ add: enqueue, update: enqueue, delete: enqueue });
    serviceInformer.addHandler({
      add: enqueue,
      update: (service, before) => {
        if (hasSelector(service) !== hasSelector(before)) enqueue(service);
      },
      delete: enqueue,
    });
    sliceInformer.addHandler({
      update: (slice) => serviceKeys(slice).forEach((key) => this.queue.add(key)),
      delete: (slice) => {
        for (const key of serviceKeys(slice)) {
          this.#tracker.gone(key, slice);
          this.queue.add(key);
        }
      },
    });
  }

  async #sync(key: string): Promise<void> {
    const existing = this.#slices.lister.byIndex(BY_SERVICE, key);
    if (this.#tracker.isStale(key, existing)) throw new Error(`Slices of "${key}" are not yet seen as written`);
    const source = this.#endpoints.lister.getByKey(key);
    const service = this.#services.lister.getByKey(key);
    if (source === undefined || service === undefined || hasSelector(service) || isSkipped(source)) {
      for (const slice of existing) await this.#remove(key, slice);
      return;
    }
    const labels = {
      ...source.metadata.labels,
      [SERVICE_NAME]: source.metadata.name,
      [MANAGED_BY]: MANAGER,
    };
    const { [LAST_APPLIED]: _applied, ...annotations } = source.metadata.annotations ?? {};
    for (const addressType of FAMILIES) {
      const desired = mirrored(source, addressType);
      const slices = existing.filter((slice) => slice.addressType === addressType);
      if (desired.length === 0) {
        // Unlike a service with a selector, one without endpoints keeps no empty slice.
        for (const slice of slices) await this.#remove(key, slice);
        continue;
      }
      const plan = planSlices(slices, desired, labels, MAX_PER_SLICE);
      const metadata = { labels, annotations, ownerReferences: [controllerRefTo(endpoints, source)] };
      for (const content of plan.create) {
        const made = await this.#parts.client.create(endpointslices, {
          ...content,
          metadata: {
            ...metadata,
            generateName: `${source.metadata.name}-`,
            namespace: source.metadata.namespace ?? "",
          },
          addressType,
        });
        this.#tracker.wrote(key, made);
      }
      const changed = new Map(plan.update.map((u) => [u.slice.metadata.uid, u.endpoints]));
      for (const slice of slices.filter((s) => !plan.remove.includes(s))) {
        const next = changed.get(slice.metadata.uid);
        if (next === undefined && sameLabels(slice.metadata.annotations, annotations)) continue;
        const written = {
          ...slice,
          metadata: { ...slice.metadata, ...metadata },
          endpoints: next ?? slice.endpoints ?? [],
        };
        if (semanticEqual(written, slice)) continue;
        this.#tracker.wrote(key, await this.#parts.client.update(endpointslices, written));
      }
      for (const slice of plan.remove) await this.#remove(key, slice);
    }
  }

  async #remove(key: string, slice: EndpointSlice): Promise<void> {
    const { namespace = "", name, uid } = slice.metadata;
    try {
      await this.#parts.client.delete(endpointslices, { namespace, name }, { preconditions: { uid } });
    } catch (err) {
      if (!isNotFound(err)) throw err;
    }
    if (this.#slices.lister.get({ namespace, name })?.metadata.uid === uid) this.#tracker.deleted(key, slice);
  }
}

const hasSelector = (service: Service): boolean => Object.keys(service.spec.selector ?? {}).length > 0;

function isSkipped({ metadata }: Endpoints): boolean {
  return metadata.labels?.[SKIP] === "true" || metadata.annotations?.[LEADER] !== undefined;
}

function serviceKeys({ metadata }: EndpointSlice): string[] {
  const name = metadata.labels?.[SERVICE_NAME];
  return name === undefined || metadata.labels?.[MANAGED_BY] !== MANAGER ? [] : [`${metadata.namespace ?? ""}/${name}`];
}

/** The addresses of one family, each with the ports of its subset. */
export function mirrored(source: Endpoints, family: AddressType): DesiredEndpoint[] {
  const desired: DesiredEndpoint[] = [];
  for (const { ports = [], addresses = [], notReadyAddresses = [] } of source.subsets ?? []) {
    const slicePorts = ports.map(({ name = "", port, protocol = "TCP", appProtocol }) => ({
      name,
      port,
      protocol,
      ...(appProtocol === undefined ? {} : { appProtocol }),
    }));
    const take = (list: readonly EndpointAddress[], ready: boolean): void => {
      for (const address of list) {
        if (isIPv6(address.ip) !== (family === "IPv6")) continue;
        desired.push({ ports: slicePorts, endpoint: endpointOf(address, ready) });
      }
    };
    take(addresses, true);
    take(notReadyAddresses, false);
  }
  return desired;
}

function endpointOf({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname === undefined ? {} : { hostname }),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(targetRef === undefined ? {} : { targetRef }),
  };
}
