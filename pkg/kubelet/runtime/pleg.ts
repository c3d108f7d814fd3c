import { isAbort, sleep } from "#pkg/async/index.ts";
import { type CriClient, isCriNotFound, isCriUnimplemented } from "#pkg/cri/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import type { RuntimeCache } from "./runtime-cache.ts";

/** Without events this is what finds out about ends; with events it only makes good what they lost. */
const relistWithoutEventsMs = 1_000;
const relistWithEventsMs = 60_000;
/** Upstream's threshold: after this long without an answer the runtime counts as broken. */
const staleMs = 180_000;
/** containerd tells of an exit before its CRI plugin has taken note of it. */
const settleMs = 5_000;

/**
 * Pod lifecycle event generator: tells which pods changed in the runtime.
 *
 *   containerd task events ─┐
 *   CRI container events ───┼─▶ cache.touch(pod) ─▶ changed(pod)
 *   relist ─────────────────┘
 */
export class Pleg {
  readonly #cri: CriClient;
  readonly #cache: RuntimeCache;
  readonly #changed: (podUid: string) => void;
  readonly #log: Logger;
  #hasEvents = false;
  #relistedAt = 0;
  #failing = false;

  constructor(parts: {
    readonly cri: CriClient;
    readonly cache: RuntimeCache;
    readonly changed: (podUid: string) => void;
    readonly log: Logger;
  }) {
    this.#cri = parts.cri;
    this.#cache = parts.cache;
    this.#changed = parts.changed;
    this.#log = parts.log;
  }

  /** Whether the runtime has answered lately; otherwise upstream's words for why the node is not ready. */
  health(now: number): string | undefined {
    if (this.#relistedAt === 0) return "pleg has yet to be successful";
    const elapsedMs = now - this.#relistedAt;
    const limit = this.#hasEvents ? Math.max(staleMs, 2 * relistWithEventsMs) : staleMs;
    if (elapsedMs <= limit) return undefined;
    return `pleg was last seen active ${Math.round(elapsedMs / 1000)}s ago; threshold is 3m0s`;
  }

  /** Runs until the signal aborts. */
  async start(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#relistForever(signal), this.#followEvents(signal)]);
  }

  async #relistForever(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.relist();
      await sleep(this.#hasEvents && this.#relistedAt > 0 ? relistWithEventsMs : relistWithoutEventsMs, signal).catch(
        () => undefined,
      );
    }
  }

  /** Compares everything once. Failures are logged and show in `health`. */
  async relist(): Promise<void> {
    try {
      for (const uid of await this.#cache.relist()) this.#changed(uid);
      this.#relistedAt = Date.now();
      this.#failing = false;
    } catch (err) {
      if (!this.#failing) this.#log.warn("cannot list pods of the runtime", { reason: (err as Error).message });
      this.#failing = true;
    }
  }

  async #followEvents(signal: AbortSignal): Promise<void> {
    let source: "task" | "cri" | "none" = "task";
    while (!signal.aborted) {
      try {
        this.#hasEvents = true;
        await (source === "task" ? this.#followTasks(signal) : this.#followCri(signal));
      } catch (err) {
        if (isCriUnimplemented(err) && source === "task") source = "cri";
        else if (isCriUnimplemented(err)) source = "none";
        else if (!isAbort(err)) this.#log.debug("event stream of the runtime broke, following again", { err });
      }
      this.#hasEvents = false;
      if (source === "none") return;
      await sleep(200, signal).catch(() => undefined);
      if (!signal.aborted) await this.relist();
    }
  }

  async #followTasks(signal: AbortSignal): Promise<void> {
    for await (const { topic, containerId } of this.#cri.taskEvents(signal)) {
      const uid = this.#cache.podOf(containerId);
      // Starts are the workers' own doing; only ends come unasked.
      if (uid !== undefined && topic === "/tasks/exit") void this.#afterExit(uid, containerId, signal);
    }
  }

  async #followCri(signal: AbortSignal): Promise<void> {
    for await (const event of this.#cri.runtime.containerEvents(signal)) {
      const uid = event.podSandboxStatus?.metadata?.uid ?? this.#cache.podOf(event.containerId ?? "");
      if (uid !== undefined) this.#tell(uid);
    }
  }

  #tell(uid: string): void {
    this.#cache.touch(uid);
    this.#changed(uid);
  }

  /** Waits until CRI shows what the event told, and tells then. Never rejects. */
  async #afterExit(uid: string, id: string, signal: AbortSignal): Promise<void> {
    const deadline = Date.now() + settleMs;
    for (let waitMs = 4; Date.now() < deadline && !signal.aborted; waitMs = Math.min(waitMs * 2, 200)) {
      await sleep(waitMs, signal).catch(() => undefined);
      if (await this.#hasEnded(uid, id)) break;
    }
    this.#tell(uid);
  }

  async #hasEnded(uid: string, id: string): Promise<boolean> {
    const isSandbox = this.#cache.last(uid).sandboxes.some((sandbox) => sandbox.id === id);
    try {
      if (isSandbox) {
        const { status } = await this.#cri.runtime.podSandboxStatus({ podSandboxId: id });
        return status?.state !== "SANDBOX_READY";
      }
      const { status } = await this.#cri.runtime.containerStatus({ containerId: id });
      return status?.state !== "CONTAINER_RUNNING";
    } catch (err) {
      return isCriNotFound(err);
    }
  }
}
