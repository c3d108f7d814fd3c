/** Growing waits with jitter, for reconnecting and listing again. */
export class Backoff {
  readonly #initialMs: number;
  readonly #maxMs: number;
  #nextMs: number;

  constructor(options: { readonly initialMs: number; readonly maxMs: number }) {
    this.#initialMs = options.initialMs;
    this.#maxMs = options.maxMs;
    this.#nextMs = options.initialMs;
  }

  /** The next wait: doubled each time, up to the maximum, with up to half of it on top so that clients spread out. */
  nextMs(): number {
    const base = this.#nextMs;
    this.#nextMs = Math.min(this.#maxMs, base * 2);
    return base * (1 + Math.random() / 2);
  }

  reset(): void {
    this.#nextMs = this.#initialMs;
  }
}
