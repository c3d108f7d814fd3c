/**
 * Calls `attempt` for each index of 0..count in batches of 1, 2, 4, …, each batch in parallel, and stops after a batch
 * with a failure: a template that the API refuses costs one request, not five hundred. Returns how many succeeded.
 */
export async function slowStartBatch(
  count: number,
  attempt: (index: number) => Promise<void>,
): Promise<{ readonly succeeded: number; readonly error?: unknown }> {
  let succeeded = 0;
  let started = 0;
  for (let size = Math.min(count, 1); size > 0; size = Math.min(2 * size, count - started)) {
    const first = started;
    started += size;
    const results = await Promise.allSettled(Array.from({ length: size }, (_, i) => attempt(first + i)));
    const failed = results.find((result) => result.status === "rejected");
    succeeded += results.filter((result) => result.status === "fulfilled").length;
    if (failed !== undefined) return { succeeded, error: failed.reason as unknown };
  }
  return { succeeded };
}
