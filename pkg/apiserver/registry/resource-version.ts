import { ApiError, badRequest } from "#pkg/errors/index.ts";
import type { Cache } from "../cache/index.ts";

const WAIT_MS = 3_000;

/** The resourceVersion parameter; undefined when absent or empty. @throws 400 */
export function requestedRevision(query: URLSearchParams): number | undefined {
  const text = query.get("resourceVersion");
  if (text === null || text === "") return undefined;
  if (!/^\d{1,15}$/.test(text))
    throw badRequest(
      `Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  return Number(text);
}

/** Waits a little for a revision that this server has not seen yet. @throws 504 */
export async function waitForRevision(cache: Cache, revision: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<"late">();
  const timer = setTimeout(() => resolve("late"), WAIT_MS);
  const outcome = await Promise.race([cache.reached(revision), late]);
  clearTimeout(timer);
  if (outcome === "late")
    throw new ApiError(504, "Timeout", `Too large resource version: ${revision}, current: ${cache.revision}`, {
      causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
      retryAfterSeconds: 1,
    });
}
