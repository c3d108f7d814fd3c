import { type Node, nodes, pods, type Service, services } from "#pkg/api/types/core-v1.ts";
import { type EndpointSlice, endpointslices } from "#pkg/api/types/discovery-v1.ts";
import { type Informer, keyOf } from "#pkg/client/index.ts";
import { isNotFound } from "#pkg/errors/index.ts";
import { type ControllerParts, QueueController } from "../controller.ts";
import { addNodeIndex, podsOnNode } from "../informer-indexes.ts";
import { controllerRefTo } from "../objects/index.ts";
import { messageOf } from "../pod-control.ts";
import { type AddressType, addressTypesOf, endpointOf, hasEndpoints, portsOf } from "./endpoints-of-pod.ts";
import { HEADLESS, MANAGED_BY, SERVICE_NAME } from "./labels.ts";
import { type DesiredEndpoint, planSlices, type SliceContent } from "./plan.ts";
import { ServiceIndex } from "./service-index.ts";
import { SliceTracker } from "./slice-tracker.ts";

const MANAGER = "endpointslice-controller.k8s.io";
const BY_SERVICE = "managed-by-service";
const MAX_PER_SLICE = 100;

/** Describes the pods behind each service with a selector. Reads services, pods, nodes; writes EndpointSlices. */
export class EndpointSliceController extends QueueController {
  readonly #parts: ControllerParts;
  readonly #services: Informer<Service>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #nodes: Informer<Node>;
  readonly #index: ServiceIndex;
  readonly #tracker: SliceTracker;

  constructor(parts: ControllerParts) {
    const serviceInformer = parts.informers.informer(services);
    const podInformer = parts.informers.informer(pods);
    const sliceInformer = parts.informers.informer(endpointslices);
    const nodeInformer = parts.informers.informer(nodes);
    super({
      name: "endpointslice",
      informers: [serviceInformer, podInformer, sliceInformer, nodeInformer],
      log: parts.log,
      sync: (key) => this.#sync(key),
    });
    this.#parts = parts;
    this.#tracker = new SliceTracker(parts);
    this.#services = serviceInformer;
    this.#slices = sliceInformer;
    this.#nodes = nodeInformer;
    sliceInformer.addIndex(BY_SERVICE, (slice) => serviceKeys(slice));
    addNodeIndex(podInformer);
    this.#index = new ServiceIndex(serviceInformer, podInformer);

    const enqueue = (service: Service): void => this.queue.add(keyOf(service));
    serviceInformer.addHandler({ add: enqueue, update: enqueue, delete: enqueue });
    this.#index.onPodChange(enqueue);
    sliceInformer.addHandler({
      add: (slice) => this.#sliceChanged(slice),
      update: (slice, before) => {
        for (const key of serviceKeys(before)) this.queue.add(key);
        this.#sliceChanged(slice);
      },
      delete: (slice) => {
        for (const key of serviceKeys(slice)) {
          this.#tracker.gone(key, slice);
          this.queue.add(key);
        }
      },
    });
    const onNode = (name: string): void => {
      for (const pod of podsOnNode(podInformer, name)) this.#index.servicesOf(pod).forEach(enqueue);
    };
    nodeInformer.addHandler({
      add: (node) => onNode(node.metadata.name),
      update: (node, before) => {
        if (zoneOf(node) !== zoneOf(before)) onNode(node.metadata.name);
      },
    });
  }

  #sliceChanged(slice: EndpointSlice): void {
    for (const key of serviceKeys(slice)) this.queue.add(key);
  }

  async #sync(key: string): Promise<void> {
    const service = this.#services.lister.getByKey(key);
    if (service === undefined) {
      // Its slices have the service as owner: the garbage collector removes them.
      this.#tracker.forget(key);
      return;
    }
    if (service.spec.type === "ExternalName" || Object.keys(service.spec.selector ?? {}).length === 0) return;
    if (service.metadata.deletionTimestamp !== undefined) return;
    const existing = this.#slices.lister
      .byIndex(BY_SERVICE, key)
      .filter((slice) => slice.metadata.deletionTimestamp === undefined);
    if (this.#tracker.isStale(key, existing)) throw new Error(`Slices of "${key}" are not yet seen as written`);
    try {
      await this.#reconcile(key, service, existing);
    } catch (err) {
      const text = `Error updating Endpoint Slices for Service ${key}: ${messageOf(err)}`;
      this.#parts.recorder.event(
        { resource: services, object: service },
        "Warning",
        "FailedToUpdateEndpointSlices",
        text,
      );
      throw err;
    }
  }

  async #reconcile(key: string, service: Service, existing: readonly EndpointSlice[]): Promise<void> {
    const labels = sliceLabels(service);
    const families = addressTypesOf(service);
    const pods = this.#index.podsOf(service).filter(hasEndpoints);
    let nodeMissing: string | undefined;
    for (const family of families) {
      const desired: DesiredEndpoint[] = [];
      for (const pod of pods) {
        const node = this.#nodes.lister.getByKey(pod.spec.nodeName ?? "");
        if (node === undefined && pod.spec.nodeName !== undefined) {
          nodeMissing = pod.spec.nodeName;
          if (service.spec.publishNotReadyAddresses !== true) continue;
        }
        const endpoint = endpointOf(pod, service, node, family);
        if (endpoint !== undefined) desired.push({ ports: portsOf(service, pod), endpoint });
      }
      const slices = existing.filter((slice) => slice.addressType === family);
      const plan = planSlices(slices, desired, labels, MAX_PER_SLICE);
      for (const content of plan.create) await this.#create(key, service, family, labels, content);
      for (const { slice, endpoints } of plan.update) {
        const metadata = { ...slice.metadata, labels, ownerReferences: [controllerRefTo(services, service)] };
        this.#tracker.wrote(key, await this.#parts.client.update(endpointslices, { ...slice, metadata, endpoints }));
      }
      for (const slice of plan.remove) await this.#remove(key, slice);
    }
    for (const slice of existing) {
      if (!families.includes(slice.addressType as AddressType)) await this.#remove(key, slice);
    }
    // The pod was seen before its node: once more when the node is there.
    if (nodeMissing !== undefined) throw new Error(`Node "${nodeMissing}" of a pod behind "${key}" is not known`);
  }

  async #create(
    key: string,
    service: Service,
    addressType: AddressType,
    labels: Readonly<Record<string, string>>,
    content: SliceContent,
  ): Promise<void> {
    const made = await this.#parts.client.create(endpointslices, {
      metadata: {
        generateName: `${service.metadata.name}-`,
        namespace: service.metadata.namespace ?? "",
        labels,
        ownerReferences: [controllerRefTo(services, service)],
      },
      addressType,
      endpoints: content.endpoints,
      ports: content.ports,
    });
    this.#tracker.wrote(key, made);
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

function serviceKeys(slice: EndpointSlice): string[] {
  const { labels, namespace = "" } = slice.metadata;
  const name = labels?.[SERVICE_NAME];
  return name === undefined || labels?.[MANAGED_BY] !== MANAGER ? [] : [`${namespace}/${name}`];
}

function sliceLabels(service: Service): Readonly<Record<string, string>> {
  const { [HEADLESS]: _, ...own } = service.metadata.labels ?? {};
  return {
    ...own,
    [SERVICE_NAME]: service.metadata.name,
    [MANAGED_BY]: MANAGER,
    ...(service.spec.clusterIP === "None" ? { [HEADLESS]: "" } : {}),
  };
}

const zoneOf = (node: Node): string | undefined => node.metadata.labels?.["topology.kubernetes.io/zone"];
