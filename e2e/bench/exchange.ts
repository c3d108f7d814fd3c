import { Stream } from "./http2/index.ts";

/** A request whose headers and body are made before the clock starts. */
export interface Prepared {
  readonly method: string;
  readonly path: string;
  /** A header block, which fits any stream of the connection. */
  readonly headers: Buffer;
  readonly body: Buffer | undefined;
}

/** A refusal is told by so much of its text. */
const REFUSAL_CHARACTERS = 300;

/** One request and its whole answer. Costs as little as it can: there is one for every request of a measurement. */
export class Exchange extends Stream {
  readonly #request: Prepared;
  readonly #expected: readonly number[];
  readonly #done = Promise.withResolvers<number>();
  #bytes = 0;
  #chunks: Buffer[] | undefined;

  /** `expected`: statuses that are not 2xx and none the less no refusals. */
  constructor(request: Prepared, expected: readonly number[], keep: boolean) {
    super(request.headers, request.body);
    this.#request = request;
    this.#expected = expected;
    if (keep) this.#chunks = [];
  }

  /** Resolves to the number of bytes of the answer. Rejects when it is a refusal, or does not come. */
  get done(): Promise<number> {
    return this.#done.promise;
  }

  /** Of an answer that is kept. */
  text(): string {
    return Buffer.concat(this.#chunks ?? []).toString("utf8");
  }

  override onStatus(): void {
    if (this.#refused) this.#chunks ??= [];
  }

  override onData(bytes: Buffer, start: number, end: number): void {
    this.#bytes += end - start;
    this.#chunks?.push(Buffer.from(bytes.subarray(start, end)));
  }

  override onEnd(error: Error | undefined): void {
    if (error !== undefined) this.#fail(error.message, { cause: error });
    else if (this.status === 0) this.#fail("the server ended the stream without an answer");
    else if (this.#refused) this.#fail(`${this.status} ${this.text().slice(0, REFUSAL_CHARACTERS)}`);
    else this.#done.resolve(this.#bytes);
  }

  get #refused(): boolean {
    return this.status >= 300 && !this.#expected.includes(this.status);
  }

  #fail(reason: string, options?: ErrorOptions): void {
    const { method, path } = this.#request;
    this.#done.reject(new Error(`${method} ${path}: ${reason}`, options));
  }
}
