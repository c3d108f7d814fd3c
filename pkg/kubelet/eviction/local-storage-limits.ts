import { join } from "node:path";
import type { Pod } from "#pkg/api/types/core-v1.ts";
import { sleep } from "#pkg/async/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import type { PodDirs } from "../pod-dirs.ts";
import type { PodEvents } from "../pod-events.ts";
import type { PodFailure } from "../pod-workers.ts";
import { quantityValue } from "../quantity.ts";
import { podAmounts } from "../resources.ts";
import { diskUsage } from "./disk-usage.ts";

const CHECK_MS = 10_000;
const GRACE_SECONDS = 1;
const STORAGE = "ephemeral-storage";

interface Parts {
  readonly dirs: PodDirs;
  readonly active: () => readonly Pod[];
  /** Bytes in the writable layers of a pod's containers, by container name. */
  readonly layers: (podUid: string) => Promise<ReadonlyMap<string, number>>;
  readonly evict: (pod: Pod, failure: PodFailure) => void;
  readonly events: PodEvents;
  readonly log: Logger;
}

/** Ends pods that write more than they may: into an emptyDir, a container's own layer and logs, or all together. */
export class LocalStorageLimits {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Looks now and then until the signal aborts. */
  async start(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(CHECK_MS, signal).catch(() => undefined);
      if (!signal.aborted) await this.check();
    }
  }

  /** Looks at the pods that have limits; the others cost nothing. */
  async check(): Promise<void> {
    const { active, events, evict, log } = this.#parts;
    for (const pod of active().filter(isLimited)) {
      const message = await this.#excess(pod).catch((err: unknown) => {
        log.debug("pod's disk usage not measured", { pod: pod.metadata.name, err });
        return undefined;
      });
      if (message === undefined) continue;
      events.warning(pod, "Evicted", message);
      evict(pod, { reason: "Evicted", message, graceSeconds: GRACE_SECONDS, isDisruption: true });
    }
  }

  /** Upstream's words for the first limit that is exceeded. */
  async #excess(pod: Pod): Promise<string | undefined> {
    const { dirs, layers } = this.#parts;
    const { name, namespace = "", uid } = pod.metadata;
    let total = 0;
    for (const { name: volume, emptyDir } of pod.spec.volumes ?? []) {
      // Memory is bounded by its own filesystem.
      if (emptyDir === undefined || (emptyDir.medium ?? "") !== "") continue;
      const bytes = await diskUsage(dirs.volume(uid, "empty-dir", volume));
      total += bytes;
      const limit = quantityValue(emptyDir.sizeLimit);
      if (limit > 0 && bytes > limit) {
        return `Usage of EmptyDir volume "${volume}" exceeds the limit "${emptyDir.sizeLimit}". `;
      }
    }
    const written = await layers(uid);
    for (const container of pod.spec.containers) {
      const logs = await diskUsage(join(dirs.logs({ namespace, name, uid }), container.name));
      const bytes = (written.get(container.name) ?? 0) + logs;
      total += bytes;
      const limit = container.resources?.limits?.[STORAGE];
      if (limit !== undefined && bytes > quantityValue(limit)) {
        return `Container ${container.name} exceeded its local ephemeral storage limit "${limit}". `;
      }
    }
    const limit = podAmounts(pod, "limits")[STORAGE];
    const isBounded = pod.spec.containers.every((container) => container.resources?.limits?.[STORAGE] !== undefined);
    if (limit === undefined || !isBounded || total <= limit) return undefined;
    return `Pod ephemeral local storage usage exceeds the total limit of containers ${limit}. `;
  }
}

function isLimited(pod: Pod): boolean {
  return (
    (pod.spec.volumes ?? []).some(({ emptyDir }) => emptyDir?.sizeLimit !== undefined) ||
    pod.spec.containers.some(({ resources }) => resources?.limits?.[STORAGE] !== undefined)
  );
}
