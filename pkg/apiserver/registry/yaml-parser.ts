import { Worker } from "node:worker_threads";
import type { YamlReply } from "./run-yaml-worker.ts";
import { type ParsedYaml, parseYamlText } from "./yaml.ts";

/** Texts up to this many characters take less time here than the way to a thread and back. */
const SMALL = 16 << 10;
/** Many times what the worst text of the largest size takes. */
const TIMEOUT_MS = 10_000;
/** The thread is ended when nobody needed it for so long. */
const IDLE_MS = 30_000;
/** What the thread may take: enough for objects of the largest size, not for every text that is nothing but brackets. */
export const YAML_LIMITS = { maxOldGenerationSizeMb: 384, maxYoungGenerationSizeMb: 16 } as const;

export interface YamlParserOptions {
  /** A thread that calls `runYamlWorker`; from the sources unless told. */
  readonly createWorker?: (() => Worker) | undefined;
  readonly timeoutMs?: number;
}

/** Parses YAML: small texts at once, large ones in a thread of their own, so that nobody waits for them but who sent them. */
export class YamlParser {
  readonly #createWorker: () => Worker;
  readonly #timeoutMs: number;
  #worker: Worker | undefined;
  /** One after the other: whom the thread fails at is then known. */
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor({ createWorker, timeoutMs = TIMEOUT_MS }: YamlParserOptions = {}) {
    this.#createWorker =
      createWorker ?? (() => new Worker(new URL("./yaml-worker.ts", import.meta.url), { resourceLimits: YAML_LIMITS }));
    this.#timeoutMs = timeoutMs;
  }

  /** @throws Error with what is wrong with the text, or that it takes more time or memory than there is for it */
  parse(text: string): ParsedYaml | Promise<ParsedYaml> {
    return text.length <= SMALL ? parseYamlText(text) : this.#inThread(text);
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    await this.#end();
  }

  async #inThread(text: string): Promise<ParsedYaml> {
    clearTimeout(this.#idle);
    this.#waiting++;
    const turn = this.#last.then(async () => await this.#ask(text));
    this.#last = turn.catch(() => undefined);
    try {
      const reply = await turn;
      if ("error" in reply) throw new Error(reply.error);
      return { value: JSON.parse(reply.json) as unknown, duplicates: reply.duplicates };
    } finally {
      if (--this.#waiting === 0) this.#idle = setTimeout(() => void this.#end(), IDLE_MS).unref();
    }
  }

  async #ask(text: string): Promise<YamlReply> {
    const worker = (this.#worker ??= this.#start());
    worker.ref();
    const { promise, resolve, reject } = Promise.withResolvers<YamlReply>();
    const timeout = setTimeout(() => reject(new Error("it takes too long to read")), this.#timeoutMs);
    const failed = (): void => reject(new Error("it takes too much memory to read"));
    worker.once("message", resolve).once("error", failed).once("exit", failed);
    worker.postMessage(text);
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
