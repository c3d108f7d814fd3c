import type { CriClient } from "#pkg/cri/index.ts";
import { isCriNotFound } from "#pkg/cri/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import type { ObservedPod } from "../runtime/observed-pod.ts";
import type { RuntimeCache } from "../runtime/runtime-cache.ts";
import type { PodEnvironment, PodManager } from "../types.ts";

/** Dead instances kept of each container besides the newest, for `kubectl logs --previous` (upstream's default). */
const keptDead = 1;

/** Removes instances of containers and sandboxes that newer ones have replaced. */
export class ContainerGc {
  readonly #cri: CriClient;
  readonly #cache: RuntimeCache;
  readonly #environment: PodEnvironment;
  readonly #pods: PodManager;
  readonly #log: Logger;

  constructor(parts: {
    readonly cri: CriClient;
    readonly cache: RuntimeCache;
    readonly environment: PodEnvironment;
    readonly pods: PodManager;
    readonly log: Logger;
  }) {
    this.#cri = parts.cri;
    this.#cache = parts.cache;
    this.#environment = parts.environment;
    this.#pods = parts.pods;
    this.#log = parts.log;
  }

  async collect(): Promise<void> {
    for (const pod of Array.from(this.#cache.pods())) {
      // Pods that are gone are cleaned up by their workers, whole.
      if (this.#pods.byUid(pod.uid) === undefined) continue;
      await this.#collectPod(pod).catch((err: unknown) => {
        this.#log.warn("dead containers not removed", { pod: `${pod.namespace}/${pod.name}`, err });
      });
    }
  }

  async #collectPod(pod: ObservedPod): Promise<void> {
    const byName = Map.groupBy(pod.containers, ({ name }) => name);
    const surplus = [...byName.values()].flatMap((instances) =>
      instances.filter(({ state }, index) => index > keptDead && state === "exited"),
    );
    for (const container of surplus) {
      await ignoreMissing(this.#cri.runtime.removeContainer({ containerId: container.id }));
      await this.#environment.removeContainerLogs(pod, container.name, container.restartCount);
    }
    const removed = new Set(surplus.map(({ id }) => id));
    const needed = new Set(pod.containers.filter(({ id }) => !removed.has(id)).map(({ sandboxId }) => sandboxId));
    const [, ...older] = pod.sandboxes;
    for (const sandbox of older.filter(({ ready, id }) => !ready && !needed.has(id))) {
      await ignoreMissing(this.#cri.runtime.removePodSandbox({ podSandboxId: sandbox.id }));
      removed.add(sandbox.id);
    }
    if (removed.size > 0) await this.#cache.inspect(pod.uid);
  }
}

async function ignoreMissing(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (err) {
    if (!isCriNotFound(err)) throw err;
  }
}
