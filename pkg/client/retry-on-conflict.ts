import { sleep } from "#pkg/async/index.ts";
import { isConflict } from "#pkg/errors/index.ts";

/**
 * Calls `attempt`, which reads and writes, again while its write loses to another (five tries, a few milliseconds apart,
 * as client-go's DefaultRetry). The last Conflict is thrown.
 */
export async function retryOnConflict<T>(attempt: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (err) {
      if (!isConflict(err) || tries >= 5) throw err;
    }
    await sleep(10 * (1 + Math.random() * 0.1), signal);
  }
}
