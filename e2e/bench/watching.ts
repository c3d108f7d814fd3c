import type { Prepared } from "./exchange.ts";
import { Stream } from "./http2/index.ts";

/** A watch that the server has taken, or not. */
export class Watching extends Stream {
  readonly #path: string;
  readonly #onData: (chunk: Buffer) => void;
  readonly #onEarlyEnd: () => void;
  readonly #answered = Promise.withResolvers<void>();

  /** `onEarlyEnd`: the server, or the connection, ended a watch that was taken. */
  constructor(request: Prepared, onData: (chunk: Buffer) => void, onEarlyEnd: () => void) {
    super(request.headers, undefined);
    this.#path = request.path;
    this.#onData = onData;
    this.#onEarlyEnd = onEarlyEnd;
  }

  /** Rejects when the status is not 200. */
  get answered(): Promise<void> {
    return this.#answered.promise;
  }

  override onStatus(status: number): void {
    if (status === 200) this.#answered.resolve();
    else this.#answered.reject(new Error(`watch ${this.#path}: ${status}`));
  }

  override onData(bytes: Buffer, start: number, end: number): void {
    if (this.status === 200) this.#onData(bytes.subarray(start, end));
  }

  override onEnd(error: Error | undefined): void {
    if (this.status === 200) this.#onEarlyEnd();
    else this.#answered.reject(new Error(`watch ${this.#path}: ${error?.message ?? "no answer"}`, { cause: error }));
  }
}
