import type { KubeObject } from "#pkg/api/resource-ref.ts";
import type { ApiRequest, Transport, WatchEvent } from "./types.ts";

type Answer = (request: ApiRequest) => unknown;

/**
 * A transport for tests of what happens between client and server: requests are answered by `answer`, watches deliver
 * what the test pushes. It knows nothing of Kubernetes; tests of behaviour use the real API server.
 */
export class ScriptedTransport implements Transport {
  readonly requests: ApiRequest[] = [];
  readonly watches: ScriptedWatch[] = [];
  readonly #answer: Answer;

  constructor(answer: Answer) {
    this.#answer = answer;
  }

  async request(request: ApiRequest): Promise<unknown> {
    this.requests.push(request);
    return this.#answer(request);
  }

  watch(request: ApiRequest): AsyncIterable<WatchEvent> {
    const watch = new ScriptedWatch(request);
    this.watches.push(watch);
    return watch.events();
  }

  async close(): Promise<void> {}
}

/** One open watch: `push` events, then `end` or `fail` it. */
export class ScriptedWatch {
  readonly request: ApiRequest;
  readonly #queue: (WatchEvent | Error | undefined)[] = [];
  #wake = Promise.withResolvers<void>();

  constructor(request: ApiRequest) {
    this.request = request;
    request.signal?.addEventListener("abort", () => this.end(), { once: true });
  }

  push(type: WatchEvent["type"], object: object): void {
    this.#add({ type, object: object as KubeObject });
  }

  end(): void {
    this.#add(undefined);
  }

  fail(err: Error): void {
    this.#add(err);
  }

  async *events(): AsyncGenerator<WatchEvent> {
    for (;;) {
      while (this.#queue.length > 0) {
        const next = this.#queue.shift();
        if (next === undefined) return;
        if (next instanceof Error) throw next;
        yield next;
      }
      await this.#wake.promise;
      this.#wake = Promise.withResolvers();
    }
  }

  #add(item: WatchEvent | Error | undefined): void {
    this.#queue.push(item);
    this.#wake.resolve();
  }
}
