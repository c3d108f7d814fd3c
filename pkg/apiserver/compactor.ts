import { isAbort, sleep } from "#pkg/async/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import type { Store } from "#pkg/store/types.ts";

/** Upstream's --etcd-compaction-interval. */
const INTERVAL_MS = 5 * 60_000;

export interface CompactorOptions {
  readonly store: Pick<Store<unknown>, "revision" | "compact">;
  readonly log: Logger;
  /** 5 minutes, as upstream, unless told. */
  readonly intervalMs?: number;
}

/**
 * Keeps the store's history as long as watches may want it, and no longer: at each interval's end it is compacted to the
 * revision of the interval's beginning. The store sweeps in short steps between its writes.
 */
export class Compactor {
  readonly #options: CompactorOptions;

  constructor(options: CompactorOptions) {
    this.#options = options;
  }

  /** Runs until the signal aborts. A compaction that fails is logged; the next one takes in what it left. */
  async start(signal: AbortSignal): Promise<void> {
    const { store, log, intervalMs = INTERVAL_MS } = this.#options;
    for (let then = store.revision; ; ) {
      try {
        await sleep(intervalMs, signal);
      } catch (err) {
        if (isAbort(err)) return;
        throw err;
      }
      const now = store.revision;
      try {
        await store.compact(then);
        log.debug("history compacted", { revision: then });
      } catch (err) {
        if (!signal.aborted) log.error("cannot compact the history", { err, revision: then });
      }
      then = now;
    }
  }
}
