import { setImmediate as nextTurn } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { YamlReply, YamlRequest } from "./run-yaml-worker.ts";

/** Many times what the worst text or piece of the largest size takes. */
const TIMEOUT_MS = 10_000;
/** The thread is ended when nobody needed it for so long. */
const IDLE_MS = 30_000;
/** What the thread may take: enough for objects of the largest size, not for every text that is nothing but brackets. */
export const YAML_LIMITS = { maxOldGenerationSizeMb: 384, maxYoungGenerationSizeMb: 16 } as const;
const CLOSED = "the server is shutting down";

export interface YamlThreadOptions {
  /** A thread that calls `runYamlWorker`; from the sources unless told. */
  readonly createWorker?: (() => Worker) | undefined;
  readonly timeoutMs?: number;
}

/** What somebody waits for. */
interface Waiting {
  readonly request: YamlRequest;
  readonly left: number;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (reply: YamlReply) => void;
  readonly reject: (err: unknown) => void;
}

/**
 * A thread that does one request after the other, so that whom it fails at is known. It is there only while it is
 * needed; one that fails is replaced.
 */
export class YamlThread {
  readonly #createWorker: () => Worker;
  readonly #timeoutMs: number;
  readonly #waiting: Waiting[] = [];
  #worker: Worker | undefined;
  #running: Promise<void> | undefined;
  #idle: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor({ createWorker, timeoutMs = TIMEOUT_MS }: YamlThreadOptions = {}) {
    this.#createWorker =
      createWorker ?? (() => new Worker(new URL("./yaml-worker.ts", import.meta.url), { resourceLimits: YAML_LIMITS }));
    this.#timeoutMs = timeoutMs;
  }

  /**
   * @param left characters that the caller still has to ask for, these included: who has the least comes first
   * @throws Error when it takes more time or memory than there is for it
   */
  ask(request: YamlRequest, left: number, signal?: AbortSignal): Promise<YamlReply> {
    if (this.#isClosed) return Promise.reject(new Error(CLOSED));
    const { promise, resolve, reject } = Promise.withResolvers<YamlReply>();
    this.#waiting.push({ request, left, signal, resolve, reject });
    this.#running ??= this.#run();
    return promise;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#idle);
    for (const { reject } of this.#waiting.splice(0)) reject(new Error(CLOSED));
    await this.#end();
    await this.#running;
  }

  async #run(): Promise<void> {
    clearTimeout(this.#idle);
    for (let next = this.#take(); next !== undefined; next = this.#take()) {
      const { request, signal, resolve, reject } = next;
      if (signal?.aborted === true) reject(signal.reason);
      else await this.#answer(request).then(resolve, reject);
      // Who was answered may have more to ask, and come first again.
      await nextTurn();
    }
    this.#running = undefined;
    if (!this.#isClosed) this.#idle = setTimeout(() => void this.#end(), IDLE_MS).unref();
  }

  #take(): Waiting | undefined {
    let first = 0;
    for (const [i, { left }] of this.#waiting.entries()) if (left < (this.#waiting[first] as Waiting).left) first = i;
    return this.#waiting.splice(first, 1)[0];
  }

  async #answer(request: YamlRequest): Promise<YamlReply> {
    const worker = (this.#worker ??= this.#start());
    worker.ref();
    const { promise, resolve, reject } = Promise.withResolvers<YamlReply>();
    const timeout = setTimeout(() => reject(new Error("it takes too long")), this.#timeoutMs);
    const failed = (): void => reject(new Error(this.#isClosed ? CLOSED : "it takes too much memory"));
    worker.once("message", resolve).once("error", failed).once("exit", failed);
    worker.postMessage(request);
    try {
      return await promise;
    } catch (err) {
      await this.#end();
      throw err;
    } finally {
      clearTimeout(timeout);
      worker.off("message", resolve).off("error", failed).off("exit", failed);
      worker.unref();
    }
  }

  #start(): Worker {
    const worker = this.#createWorker();
    // Who waits hears of it; nobody else has to.
    worker.on("error", () => undefined);
    worker.on("exit", () => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    return worker;
  }

  async #end(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }
}
