import { applyPatch, type Operation } from "rfc6902";
import { ApiError, badRequest } from "#pkg/errors/index.ts";

const OPERATIONS = new Set(["add", "remove", "replace", "move", "copy", "test"]);
const MAX_OPERATIONS = 10_000;

/** RFC 6902. Returns a new value. @throws 400 for what is no patch, 413 when it is too long, 422 when it does not apply */
export function applyJsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch))
    throw badRequest("error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch");
  if (patch.length > MAX_OPERATIONS)
    throw new ApiError(
      413,
      "RequestEntityTooLarge",
      `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`,
    );
  for (const operation of patch as readonly Partial<Record<string, unknown>>[]) {
    if (!isOperation(operation)) throw unprocessable(`Unexpected kind: ${String(operation?.["op"])}`);
    // Members named so are no part of any API object, and reaching them would reach the language's own objects.
    for (const pointer of [operation["path"], operation["from"]])
      if (typeof pointer === "string" && /\/(__proto__|constructor|prototype)(\/|$)/.test(pointer))
        throw unprocessable(
          `${String(operation["op"])} operation does not apply: doc is missing path: ${JSON.stringify(pointer)}: missing value`,
        );
  }
  const copy: unknown = structuredClone(target);
  const failures = applyPatch(copy, patch as Operation[]);
  const at = failures.findIndex((failure) => failure !== null);
  if (at >= 0) throw unprocessable(messageOf(patch[at] as Operation, failures[at] as Error));
  return copy;
}

const isOperation = (value: Partial<Record<string, unknown>> | null): value is Record<string, unknown> =>
  typeof value === "object" &&
  value !== null &&
  OPERATIONS.has(String(value["op"])) &&
  typeof value["path"] === "string" &&
  (!["move", "copy"].includes(String(value["op"])) || typeof value["from"] === "string");

function messageOf(operation: Operation, failure: Error): string {
  const path = JSON.stringify(operation.path);
  if (failure.name === "TestError") return `testing value ${path} failed: test failed`;
  return `${operation.op} operation does not apply: doc is missing path: ${path}: missing value`;
}

/** Upstream's words for a patch that is well-formed but does not fit the object. */
const unprocessable = (why: string): ApiError =>
  new ApiError(422, "Invalid", `the server rejected our request due to an error in our request: ${why}`, {});
