/**
 * Numbers 0 … size-1 of a range, each given out once. The range has two bands (KEP-3070, KEP-3682): unasked for numbers
 * come from the upper one while it has any, so that the lower one stays free for those who ask for a certain number.
 */
export class BandedAllocator {
  readonly #size: number;
  readonly #lowerBand: number;
  readonly #random: () => number;
  readonly #taken = new Set<number>();

  /** `random` returns a number in [0, 1). */
  constructor(options: { readonly size: number; readonly lowerBand: number; readonly random?: () => number }) {
    this.#size = options.size;
    this.#lowerBand = Math.min(options.lowerBand, options.size);
    this.#random = options.random ?? Math.random;
  }

  /** False when it is taken already. */
  take(n: number): boolean {
    if (this.#taken.has(n)) return false;
    this.#taken.add(n);
    return true;
  }

  /** Undefined when the range is full. */
  takeNext(): number | undefined {
    return this.#takeFrom(this.#lowerBand, this.#size) ?? this.#takeFrom(0, this.#lowerBand);
  }

  release(n: number): void {
    this.#taken.delete(n);
  }

  get taken(): number {
    return this.#taken.size;
  }

  /** A random start keeps a number that was just released from coming back at once. */
  #takeFrom(from: number, to: number): number | undefined {
    const count = to - from;
    const start = Math.floor(this.#random() * count);
    for (let i = 0; i < count; i++) {
      const n = from + ((start + i) % count);
      if (this.take(n)) return n;
    }
    return undefined;
  }
}
