import { ApiError } from "#pkg/errors/index.ts";

/** The refusal of a create in a namespace that is being deleted: nothing to retry, nobody to tell. */
export function isNamespaceTerminating(err: unknown): boolean {
  return err instanceof ApiError && (err.details?.causes ?? []).some((c) => c.reason === "NamespaceTerminating");
}
