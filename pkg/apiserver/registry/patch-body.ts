import type { ResourceDefinition } from "#pkg/api/definition.ts";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import { ApiError, badRequest, fieldError, invalid } from "#pkg/errors/index.ts";
import { applyJsonPatch, applyMergePatch, applyStrategicMergePatch } from "../patch/index.ts";
import type { RequestContext } from "../types.ts";
import { contentType, decodeObject, type Expected, textOf } from "./body.ts";
import { countMembers, findDuplicates, mayHoldDuplicates } from "./duplicate-fields.ts";
import { printGoValue } from "./go-value.ts";
import type { WriteOptions } from "./options.ts";
import { parseJson } from "./parse-json.ts";
import type { Obj } from "./services.ts";

const JSON_PATCH = "application/json-patch+json";
const MERGE_PATCH = "application/merge-patch+json";
const STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json";
export const APPLY_PATCH = "application/apply-patch+yaml";

/** A patch as it was sent. */
export interface Patch {
  /** Turns what is there into what the patch makes of it. */
  readonly apply: (old: unknown) => unknown;
  /** What is wrong with its text to strict decoding: members that are there twice. */
  readonly found: readonly string[];
  /** The value that messages about a result show. */
  readonly shown: (result: unknown) => string;
}

/** Reads the patch and its type. @throws 400, 415 */
export async function readPatch(
  context: RequestContext,
  definition: ResourceDefinition,
  options: WriteOptions,
): Promise<Patch> {
  const type = contentType(context);
  const isBuiltin = definition.definitions[definition.definitionName] !== undefined;
  const supported = [JSON_PATCH, MERGE_PATCH, ...(isBuiltin ? [STRATEGIC_MERGE_PATCH] : []), APPLY_PATCH];
  if (!supported.includes(type))
    throw new ApiError(
      415,
      "UnsupportedMediaType",
      `the body of the request was in an unknown format - accepted media types include: ${supported.join(", ")}`,
      {},
    );
  const body = await context.body();
  const text = body instanceof Uint8Array ? textOf(body) : undefined;
  const value = text === undefined ? body : parse(text, type);
  const found = text === undefined || options.fieldValidation === "Ignore" ? [] : duplicates(text, value);
  if (type === JSON_PATCH) return { apply: (old) => applyJsonPatch(old, value), found, shown };
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw badRequest("error decoding patch: json: cannot unmarshal into Go value of type map[string]interface {}");
  if (type === MERGE_PATCH) return { apply: (old) => applyMergePatch(old, value), found, shown };
  const { schema, definitions } = definition;
  // What it is applied to has a type of its own.
  const { kind: _kind, apiVersion: _apiVersion, ...fields } = value as Record<string, unknown>;
  return {
    apply: (old) => applyStrategicMergePatch(old, fields, schema, definitions),
    found,
    shown: () => printGoValue(value),
  };
}

const shown = (result: unknown): string => JSON.stringify(result);

function parse(text: string, type: string): unknown {
  try {
    return parseJson(text);
  } catch (err) {
    throw badRequest(type === MERGE_PATCH ? `error decoding patch: ${(err as Error).message}` : (err as Error).message);
  }
}

function duplicates(text: string, value: unknown): readonly string[] {
  return deep(() =>
    mayHoldDuplicates(text, countMembers(value))
      ? findDuplicates(text).map((path) => `duplicate field ${JSON.stringify(path)}`)
      : [],
  );
}

/** The patched object, decoded. @throws 422 for a result that does not fit the kind, as upstream */
export function patchedObject(
  patch: Patch,
  old: KubeObject,
  expected: Expected,
  options: WriteOptions,
  warn: (text: string) => void,
): Obj {
  const value = deep(() => patch.apply(old));
  const failed = (why: string): ApiError => invalid("", "", "", [fieldError.invalid("patch", patch.shown(value), why)]);
  return decodeObject({ value, text: undefined, found: patch.found }, expected, options.fieldValidation, warn, failed);
}

/** Values may be nested deeper than they can be followed. @throws 400 */
function deep<R>(work: () => R): R {
  try {
    return work();
  } catch (err) {
    if (err instanceof RangeError) throw badRequest("error decoding patch: json: exceeded max depth");
    throw err;
  }
}
