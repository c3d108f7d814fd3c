import type { Pod, PodStatus } from "#pkg/api/types/core-v1.ts";
import type { NodePods } from "../node-pods.ts";
import type { Pleg } from "../runtime/pleg.ts";
import type { RuntimeCache } from "../runtime/runtime-cache.ts";
import type { PodStatusProvider } from "../types.ts";
import type { StatusManager } from "./status-manager.ts";

/** Answers the kubelet's server from what is known, without asking the runtime. */
export class StatusProvider implements PodStatusProvider {
  readonly #pods: NodePods;
  readonly #statuses: StatusManager;
  readonly #cache: RuntimeCache;
  readonly #pleg: Pleg;

  constructor(parts: {
    readonly pods: NodePods;
    readonly statuses: StatusManager;
    readonly cache: RuntimeCache;
    readonly pleg: Pleg;
  }) {
    this.#pods = parts.pods;
    this.#statuses = parts.statuses;
    this.#cache = parts.cache;
    this.#pleg = parts.pleg;
  }

  pods(): readonly Pod[] {
    return this.#pods.list().map((pod) => {
      const status = this.podStatus(pod.metadata.uid);
      return status === undefined ? pod : { ...pod, status };
    });
  }

  podStatus(podUid: string): PodStatus | undefined {
    const pod = this.#pods.byUid(podUid);
    const shown = pod === undefined ? undefined : this.#pods.apiPod(pod);
    return this.#statuses.get(shown?.metadata.uid ?? podUid);
  }

  containerId(namespace: string, pod: string, container: string, previous = false): string | undefined {
    const uid = this.#uidOf(namespace, pod);
    if (uid === undefined) return undefined;
    const instances = this.#cache.last(uid).containers.filter(({ name }) => name === container);
    return instances[previous ? 1 : 0]?.id;
  }

  sandboxId(namespace: string, pod: string): string | undefined {
    const uid = this.#uidOf(namespace, pod);
    return uid === undefined ? undefined : this.#cache.last(uid).sandboxes.find(({ ready }) => ready)?.id;
  }

  healthy(): boolean {
    return this.#pleg.health(Date.now()) === undefined;
  }

  /** A static pod goes by its mirror's name in the API. */
  #uidOf(namespace: string, pod: string): string | undefined {
    return this.#pods.byName(namespace, pod)?.metadata.uid;
  }
}
