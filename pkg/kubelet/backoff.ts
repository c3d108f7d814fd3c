/** Doubling waits per key, as upstream's flowcontrol.Backoff: forgotten once the key was quiet for twice the longest. */
export class Backoff {
  readonly #firstMs: number;
  readonly #maxMs: number;
  readonly #entries = new Map<string, { waitMs: number; updatedAt: number }>();

  constructor(firstMs: number, maxMs: number) {
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
  }

  /** How much longer to wait when the last failure was at `since` (ms); 0 when it may be tried now. */
  remainingMs(key: string, since: number, now: number): number {
    const entry = this.#entry(key, since);
    return entry === undefined ? 0 : Math.max(0, since + entry.waitMs - now);
  }

  /** The wait in force, for messages; 0 when there is none. */
  waitMs(key: string): number {
    return this.#entries.get(key)?.waitMs ?? 0;
  }

  /** Counts one more failure. */
  next(key: string, now: number): void {
    const entry = this.#entry(key, now);
    this.#entries.set(key, {
      waitMs: entry === undefined ? this.#firstMs : Math.min(entry.waitMs * 2, this.#maxMs),
      updatedAt: now,
    });
  }

  forget(prefix: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.#entries.delete(key);
  }

  #entry(key: string, now: number): { waitMs: number; updatedAt: number } | undefined {
    const entry = this.#entries.get(key);
    if (entry !== undefined && now - entry.updatedAt > 2 * this.#maxMs) {
      this.#entries.delete(key);
      return undefined;
    }
    return entry;
  }
}
