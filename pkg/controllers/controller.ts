import type { KubeObject, ResourceRef } from "#pkg/api/index.ts";
import { type Client, type Informer, type InformerFactory, type Sync, WorkQueue } from "#pkg/client/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import { isNamespaceTerminating } from "./namespace-terminating.ts";

/** Tells users what a controller did. Never fails, never waits. */
export interface Recorder {
  event(
    about: { readonly resource: ResourceRef<unknown>; readonly object: KubeObject },
    type: "Normal" | "Warning",
    reason: string,
    message: string,
  ): void;
}

/** What every controller is made from. Handlers and indexes are registered by the constructor, before informers run. */
export interface ControllerParts {
  readonly client: Client;
  readonly informers: InformerFactory;
  readonly recorder: Recorder;
  readonly log: Logger;
  /** Milliseconds since the epoch; tests turn it. */
  readonly now: () => number;
}

/**
 * The life of every controller:
 *
 *   informer event ─▶ handler: key only ─▶ queue ─▶ sync(key): read listers, write through the client
 *                                            ▲            │ rejection: again, with backoff
 *                                            └────────────┘
 */
export interface Controller {
  readonly name: string;
  /** Runs until the signal aborts, then finishes the syncs in progress. */
  start(signal: AbortSignal): Promise<void>;
}

/** A controller made of one queue: waits for its informers, then syncs keys. */
export class QueueController implements Controller {
  readonly name: string;
  readonly queue: WorkQueue;
  readonly #informers: readonly Pick<Informer<unknown>, "synced">[];

  constructor(parts: {
    readonly name: string;
    readonly informers: readonly Pick<Informer<unknown>, "synced">[];
    readonly sync: Sync;
    readonly log: Logger;
    readonly workers?: number;
  }) {
    this.name = parts.name;
    this.#informers = parts.informers;
    this.queue = new WorkQueue({
      name: parts.name,
      sync: async (key, signal) => {
        try {
          return await parts.sync(key, signal);
        } catch (err) {
          if (!isNamespaceTerminating(err)) throw err;
          return undefined;
        }
      },
      workers: parts.workers ?? 10,
      log: parts.log,
    });
  }

  async start(signal: AbortSignal): Promise<void> {
    if (!(await allSynced(this.#informers, signal))) return;
    await this.queue.start(signal);
  }
}

/** False when the signal aborted first. */
export async function allSynced(
  informers: readonly Pick<Informer<unknown>, "synced">[],
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await Promise.all(informers.map((informer) => informer.synced(signal)));
    return true;
  } catch (err) {
    if (signal.aborted) return false;
    throw err;
  }
}

/** Resolves when the signal aborts. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** Calls `pass` at once and then every `intervalMs` after the pass before, until the signal aborts. */
export async function periodically(
  pass: (signal: AbortSignal) => Promise<void>,
  parts: { readonly name: string; readonly intervalMs: number; readonly log: Logger; readonly signal: AbortSignal },
): Promise<void> {
  const { signal } = parts;
  while (!signal.aborted) {
    try {
      await pass(signal);
    } catch (err) {
      if (!signal.aborted) parts.log.warn("pass failed", { controller: parts.name, err });
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, parts.intervalMs);
      signal.addEventListener("abort", done, { once: true });
      function done(): void {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      }
      if (signal.aborted) done();
    });
  }
}
