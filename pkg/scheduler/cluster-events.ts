import { type Node, type Pod } from "#pkg/api/types/core-v1.ts";
import { type Informer, keyOf } from "#pkg/client/index.ts";
import type { Cache } from "./cache.ts";
import type { Informers } from "./informers.ts";
import type { Nominator } from "./nominator.ts";
import type { PodInfoBuilder } from "./pod-info.ts";
import type { SchedulingQueue } from "./queue.ts";
import type { ClusterEvent } from "./types.ts";

/**
 * Carries what the informers see into cache, queue and nominations. A pod is pending (ours to place, in the queue),
 * assigned (it has a node, in the cache), or neither (finished, or another scheduler's).
 */
export class ClusterEvents {
  readonly #cache: Cache;
  readonly #queue: SchedulingQueue;
  readonly #nominator: Nominator;
  readonly #pods: PodInfoBuilder;
  readonly #schedulerName: string;
  readonly #onGated: (pod: Pod) => void;

  constructor(parts: {
    readonly cache: Cache;
    readonly queue: SchedulingQueue;
    readonly nominator: Nominator;
    readonly pods: PodInfoBuilder;
    readonly schedulerName: string;
    readonly onGated: (pod: Pod) => void;
  }) {
    this.#cache = parts.cache;
    this.#queue = parts.queue;
    this.#nominator = parts.nominator;
    this.#pods = parts.pods;
    this.#schedulerName = parts.schedulerName;
    this.#onGated = parts.onGated;
  }

  /** Starts listening; nodes come before pods. Returns how to stop. */
  listen(informers: Informers): () => void {
    const tell = (event: ClusterEvent) => (): void => this.#queue.onEvent(event);
    const anyChange = <T>(informer: Informer<T>, event: ClusterEvent): (() => void) =>
      informer.addHandler({ add: tell(event), update: tell(event) });
    const removers = [
      informers.nodes.addHandler({
        add: (node) => {
          this.#cache.setNode(node);
          this.#queue.onEvent("NodeAdd");
        },
        update: (node, before) => this.#updateNode(node, before),
        delete: (node) => this.#cache.removeNode(node.metadata.name),
      }),
      informers.pods.addHandler({
        add: (pod) => this.#setPod(pod, undefined),
        update: (pod, before) => this.#setPod(pod, before),
        delete: (pod) => this.#removePod(pod),
      }),
      informers.namespaces.addHandler({ update: tell("Namespace") }),
      anyChange(informers.claims, "Volume"),
      anyChange(informers.volumes, "Volume"),
      anyChange(informers.storageClasses, "Volume"),
    ];
    return () => {
      for (const remove of removers) remove();
    };
  }

  #updateNode(node: Node, before: Node): void {
    this.#cache.setNode(node);
    if (!same(node.status?.allocatable, before.status?.allocatable)) this.#queue.onEvent("NodeAllocatable");
    if (!same(node.metadata.labels, before.metadata.labels)) this.#queue.onEvent("NodeLabel");
    if (!same(node.spec, before.spec)) this.#queue.onEvent("NodeTaint");
  }

  #setPod(pod: Pod, before: Pod | undefined): void {
    const key = keyOf(pod);
    if (isFinished(pod)) {
      this.#removePod(pod);
    } else if (isAssigned(pod)) {
      this.#setAssigned(key, pod, before);
    } else if (pod.spec.schedulerName === this.#schedulerName) {
      this.#setPending(key, pod, before);
    }
  }

  #setAssigned(key: string, pod: Pod, before: Pod | undefined): void {
    const wasAssigned = before !== undefined && isAssigned(before);
    // Most updates are status reports of the kubelet.
    if (wasAssigned && isSameToScheduler(pod, before)) return;
    this.#queue.delete(key);
    this.#nominator.remove(key);
    this.#cache.setPod(pod);
    if (!wasAssigned) {
      this.#queue.onEvent("AssignedPodAdd");
      return;
    }
    if (!same(pod.metadata.labels, before.metadata.labels)) this.#queue.onEvent("AssignedPodLabel");
    if (!same(pod.spec.containers, before.spec.containers) || !same(pod.status, before.status)) {
      this.#queue.onEvent("AssignedPodScaledDown");
    }
  }

  #setPending(key: string, pod: Pod, before: Pod | undefined): void {
    if (pod.metadata.deletionTimestamp !== undefined) {
      this.#queue.delete(key);
      this.#nominator.remove(key);
      return;
    }
    // Its binding is under way; the next we hear is that it is assigned.
    if (this.#cache.isAssumed(key)) return;
    const info = this.#pods.build(pod);
    const nominated = pod.status?.nominatedNodeName;
    if (nominated !== undefined && nominated !== "") this.#nominator.nominate(info, nominated);
    if (before === undefined) this.#queue.add(info);
    else {
      const relevant = !same(pod.spec, before.spec) || !same(pod.metadata.labels, before.metadata.labels);
      this.#queue.update(info, relevant);
    }
    if ((pod.spec.schedulingGates ?? []).length > 0) this.#onGated(pod);
  }

  #removePod(pod: Pod): void {
    const key = keyOf(pod);
    this.#queue.delete(key);
    this.#nominator.remove(key);
    if (!isAssigned(pod)) return;
    this.#cache.removePod(key);
    this.#queue.onEvent("AssignedPodDelete");
  }
}

const isAssigned = ({ spec }: Pod): boolean => spec.nodeName !== undefined && spec.nodeName !== "";
const isFinished = ({ status }: Pod): boolean => status?.phase === "Succeeded" || status?.phase === "Failed";

const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

function isSameToScheduler(pod: Pod, before: Pod): boolean {
  const { generation, deletionTimestamp, labels } = pod.metadata;
  return (
    generation !== undefined &&
    generation === before.metadata.generation &&
    deletionTimestamp === before.metadata.deletionTimestamp &&
    pod.spec.nodeName === before.spec.nodeName &&
    pod.status?.resize === before.status?.resize &&
    same(labels, before.metadata.labels) &&
    same(allocated(pod), allocated(before))
  );
}
const allocated = ({ status }: Pod): unknown =>
  status?.containerStatuses?.map(({ allocatedResources }) => allocatedResources ?? null);
