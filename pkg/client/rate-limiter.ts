/** Decides how long a failed key waits: the longer of its own exponential backoff and a bucket shared by all keys. */
export interface RateLimits {
  readonly baseMs: number;
  readonly maxMs: number;
  /** Tokens a second, and how many may be saved up. */
  readonly qps: number;
  readonly burst: number;
}

/** The defaults of upstream's controllers (client-go, DefaultTypedControllerRateLimiter). */
export const CONTROLLER_RATE_LIMITS: RateLimits = { baseMs: 5, maxMs: 1_000_000, qps: 10, burst: 100 };

export class RateLimiter {
  readonly #limits: RateLimits;
  readonly #failures = new Map<string, number>();
  #tokens: number;
  #filledAt = performance.now();

  constructor(limits: RateLimits = CONTROLLER_RATE_LIMITS) {
    this.#limits = limits;
    this.#tokens = limits.burst;
  }

  /** Counts a failure of the key and returns its wait in milliseconds. */
  whenMs(key: string): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const own = Math.min(this.#limits.maxMs, this.#limits.baseMs * 2 ** Math.min(failures, 50));
    return Math.max(own, this.#reserveMs());
  }

  retries(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** Takes a token; in debt, the wait until it would have been there. */
  #reserveMs(): number {
    const now = performance.now();
    const { qps, burst } = this.#limits;
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#filledAt) / 1000) * qps) - 1;
    this.#filledAt = now;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / qps) * 1000;
  }
}
