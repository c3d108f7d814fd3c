import { ApiError, badRequest } from "#pkg/errors/index.ts";
import type { Cache } from "../cache/index.ts";
import type { RegistryServices } from "./services.ts";

/** A resourceVersion parameter as a revision; undefined when it is empty. @throws 400 */
export function requestedRevision(text: string | null): number | undefined {
  if (text === null || text === "") return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  const why = Number.isNaN(value) ? "invalid syntax" : "value out of range";
  const shown = JSON.stringify(text);
  throw badRequest(`resourceVersion: Invalid value: ${shown}: strconv.ParseUint: parsing ${shown}: ${why}`);
}

/** Waits a little for a revision that this server has not seen yet. @throws 504 */
export async function waitForRevision({ cache, waits }: RegistryServices, revision: number): Promise<void> {
  // Nothing is awaited that is there: what was looked up stays right.
  if (revision <= cache.revision) return;
  if (!(await cache.reached(revision, waits.revisionMs))) throw tooLarge(cache, revision);
}

/** Clients recognize it by its cause and ask again. */
export function tooLarge(cache: Cache, revision: number): ApiError {
  const message = `Timeout: Too large resource version: ${revision}, current: ${cache.revision}`;
  return new ApiError(504, "Timeout", message, {
    causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
    retryAfterSeconds: 1,
  });
}
