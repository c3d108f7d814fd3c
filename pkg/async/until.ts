import { setTimeout as delay } from "node:timers/promises";

export interface UntilOptions {
  /** Gives up with a TimeoutError after this long. */
  readonly timeoutMs: number;
  readonly intervalMs?: number;
  readonly signal?: AbortSignal;
  /** Said in the error: "node Ready". */
  readonly what?: string;
}

/** Resolves after `ms`, or rejects with the signal's reason. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  await delay(ms, undefined, signal === undefined ? {} : { signal });
}

/** True for the rejection of an aborted wait. */
export function isAbort(err: unknown): boolean {
  return err instanceof Error && (err.name === "AbortError" || (err as NodeJS.ErrnoException).code === "ABORT_ERR");
}

/**
 * Calls `probe` until it returns something other than undefined or false, and returns that.
 * The one retry loop outside the work queue. An error of the probe counts as "not yet"; the last one is the cause.
 */
export async function until<T>(
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  options: UntilOptions,
): Promise<T> {
  const deadline = Date.now() + options.timeoutMs;
  let last: unknown;
  for (;;) {
    options.signal?.throwIfAborted();
    try {
      const value = await probe();
      if (value !== undefined && value !== false) return value;
      last = undefined;
    } catch (err) {
      if (options.signal?.aborted === true) throw err;
      last = err;
    }
    if (Date.now() >= deadline) {
      const detail = last instanceof Error ? `: ${last.message}` : "";
      throw new Error(`Timed out after ${options.timeoutMs} ms waiting for ${options.what ?? "a condition"}${detail}`, {
        cause: last,
      });
    }
    await sleep(options.intervalMs ?? 50, options.signal);
  }
}
