import type { Node, Pod, PodSpec } from "#pkg/api/types/core-v1.ts";
import type { KubeObject, ResourceRef } from "#pkg/api/resource-ref.ts";
import { createClient, InformerFactory } from "#pkg/client/index.ts";
import { createLogger } from "#pkg/log/index.ts";
import { QuantityReader } from "./amounts.ts";
import { Cache } from "./cache.ts";
import { describeFailure } from "./diagnosis.ts";
import { informersOf } from "./informers.ts";
import { Nominator } from "./nominator.ts";
import { defaultPlugins } from "./plugins/default-plugins.ts";
import { PodInfoBuilder } from "./pod-info.ts";
import { NodeSelector } from "./select-node.ts";

type Labels = Readonly<Record<string, string>>;

/** A node as tests write it: 4 CPUs, 8 GiB and 110 pods unless told. */
export function testNode(
  name: string,
  options: {
    labels?: Labels;
    allocatable?: Labels;
    spec?: Node["spec"];
    images?: NonNullable<Node["status"]>["images"];
  } = {},
): Node {
  return {
    metadata: { name, labels: { "kubernetes.io/hostname": name, ...options.labels }, ...SYSTEM },
    ...(options.spec === undefined ? {} : { spec: options.spec }),
    status: {
      allocatable: { cpu: "4", memory: "8Gi", pods: "110", ...options.allocatable },
      ...(options.images === undefined ? {} : { images: options.images }),
    },
  } as Node;
}

/** A pod of one container in namespace "default". */
export function testPod(
  name: string,
  options: { labels?: Labels; requests?: Labels; spec?: Partial<PodSpec>; namespace?: string } = {},
): Pod {
  const resources = options.requests === undefined ? {} : { resources: { requests: options.requests } };
  return {
    metadata: {
      name,
      namespace: options.namespace ?? "default",
      ...(options.labels === undefined ? {} : { labels: options.labels }),
      ...SYSTEM,
      uid: `uid-${name}`,
    },
    spec: {
      schedulerName: "default-scheduler",
      containers: [{ name: "c", image: "busybox", ...resources }],
      ...options.spec,
    },
  };
}

const SYSTEM = { uid: "u", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" };

/** Cache, nominations and node selection without queue and API: what one cycle decides. */
export class TestCluster {
  readonly builder: PodInfoBuilder;
  readonly cache: Cache;
  readonly nominator = new Nominator();
  readonly selector: NodeSelector;
  /** Resolves when the informers hold what `objects` says. */
  readonly ready: Promise<unknown>;

  constructor(
    nodes: readonly Node[],
    options: {
      readonly namespaces?: Readonly<Record<string, Labels>>;
      /** What the informers know besides nodes and pods. */
      readonly objects?: readonly (readonly [ResourceRef<unknown>, readonly KubeObject[]])[];
    } = {},
  ) {
    const quantities = new QuantityReader();
    this.builder = new PodInfoBuilder({ quantities, namespaceLabels: (name) => options.namespaces?.[name] });
    this.cache = new Cache({ quantities, pods: this.builder });
    for (const node of nodes) this.cache.setNode(node);
    const objects = new Map(options.objects?.map(([resource, items]) => [resource.plural, items]));
    const { client, informers } = staticInformers(objects);
    this.ready = Promise.all(Object.values(informers).map((informer) => informer.synced(AbortSignal.timeout(1000))));
    const plugins = defaultPlugins({ client, cache: this.cache, informers });
    this.selector = new NodeSelector({ cache: this.cache, nominator: this.nominator, plugins, random: () => 0.99 });
  }

  /** Puts a pod on a node as if it had been bound there. */
  bind(pod: Pod, nodeName: string): void {
    this.cache.setPod({ ...pod, spec: { ...pod.spec, nodeName } });
  }

  /** Where the pod goes, or the text that says why nowhere. */
  place(pod: Pod): string {
    const selection = this.selector.select(this.builder.build(pod));
    return "node" in selection ? selection.node : describeFailure(selection.diagnosis);
  }
}

/** Informers over lists that never change. */
function staticInformers(objects: ReadonlyMap<string, readonly KubeObject[]>) {
  const client = createClient({
    request: async ({ path }) => ({
      metadata: { resourceVersion: "1" },
      items: objects.get(path.slice(path.lastIndexOf("/") + 1)) ?? [],
    }),
    watch: async function* ({ signal }) {
      await new Promise((resolve) => signal?.addEventListener("abort", resolve, { once: true }));
      yield* [];
    },
    close: async () => undefined,
  });
  const factory = new InformerFactory({ client, log: createLogger("silent") });
  const informers = informersOf(factory);
  const stop = new AbortController();
  // Waits for nothing that would keep the test's process alive.
  void factory.start(stop.signal);
  return { client, informers };
}
