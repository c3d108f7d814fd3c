import { parse as parseYaml } from "yaml";
import { apiVersionOf } from "#pkg/api/resource-ref.ts";
import { badRequest } from "#pkg/errors/index.ts";
import type { RequestContext } from "../types.ts";
import { textOf } from "./body.ts";
import { countMembers, mayHoldDuplicates } from "./duplicate-fields.ts";
import type { FieldValidation } from "./options.ts";
import { duplicateKeys, YAML_OPTIONS } from "./yaml.ts";

/** What server-side apply is given: parsed, and of the right kind. */
export interface Configuration {
  readonly metadata: { readonly uid?: unknown; readonly resourceVersion?: unknown };
  readonly [field: string]: unknown;
}

/** Reads the body of an apply patch: JSON or YAML. @throws 400 */
export async function readConfiguration(
  context: RequestContext,
  expected: { readonly group: string; readonly version: string; readonly kind: string },
  fieldValidation: FieldValidation,
): Promise<Configuration> {
  const body = await context.body();
  const text = body instanceof Uint8Array ? textOf(body) : undefined;
  const value = text === undefined ? body : parse(text);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw badRequest(
      "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal value into Go value of type map[string]interface {}",
    );
  const { apiVersion = "", kind = "", metadata = {} } = value as Record<string, unknown>;
  if (apiVersion !== apiVersionOf(expected) || kind !== expected.kind)
    throw badRequest(`invalid object type: ${printKind(String(apiVersion), String(kind))}`);
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata))
    throw badRequest("error decoding YAML: metadata must be an object");
  if (((metadata as { managedFields?: unknown }).managedFields ?? undefined) !== undefined)
    throw badRequest("metadata.managedFields must be nil");
  if (text !== undefined && fieldValidation !== "Ignore")
    bounded(() => reportDuplicates(context, text, value, fieldValidation));
  return { ...value, metadata } as Configuration;
}

function parse(text: string): unknown {
  try {
    if (/^\s*\{/.test(text)) return JSON.parse(text);
  } catch {
    // A YAML flow mapping begins so, too.
  }
  try {
    return parseYaml(text, YAML_OPTIONS);
  } catch (err) {
    throw badRequest(`error decoding YAML: error converting YAML to JSON: yaml: ${(err as Error).message}`);
  }
}

/** Values may be nested deeper than they can be followed. @throws 400 */
function bounded(work: () => void): void {
  try {
    work();
  } catch (err) {
    if (err instanceof RangeError) throw badRequest("error decoding YAML: exceeded max depth");
    throw err;
  }
}

function printKind(apiVersion: string, kind: string): string {
  return `${apiVersion.includes("/") ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;
}

function reportDuplicates(context: RequestContext, text: string, value: object, how: FieldValidation): void {
  if (/^\s*\{/.test(text) && !mayHoldDuplicates(text, countMembers(value))) return;
  const found = duplicateKeys(text);
  if (found === undefined) return;
  const message = `error converting YAML to JSON: ${found}`;
  if (how === "Strict") throw badRequest(`error strict decoding YAML: ${message}`);
  context.warn(message);
}
