/** What the others may take to drain when one failed. */
const DRAIN_MS = 15_000;

/**
 * Runs components side by side until the signal aborts and all have drained. When one fails, the others are stopped
 * and, for a bounded time, waited for before its error is thrown.
 */
export async function together(
  life: AbortSignal,
  start: (signal: AbortSignal) => readonly Promise<void>[],
): Promise<void> {
  const stop = new AbortController();
  const running = start(AbortSignal.any([life, stop.signal]));
  try {
    await Promise.all(running);
  } catch (err) {
    stop.abort();
    const { promise: overdue, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, DRAIN_MS);
    await Promise.race([Promise.allSettled(running), overdue]);
    clearTimeout(timer);
    throw err;
  }
}
