import { apiVersionOf } from "#pkg/api/resource-ref.ts";
import { badRequest } from "#pkg/errors/index.ts";
import type { RequestContext } from "../types.ts";
import type { ParsedYaml } from "../yaml/index.ts";
import { textOf } from "./body.ts";
import { countMembers, findDuplicates, mayHoldDuplicates } from "./duplicate-fields.ts";
import type { FieldValidation } from "./options.ts";
import { parseJson } from "./parse-json.ts";
import type { RegistryServices } from "./services.ts";

/** What server-side apply is given: parsed, and of the right kind. */
export interface Configuration {
  readonly metadata: { readonly uid?: unknown; readonly resourceVersion?: unknown };
  readonly [field: string]: unknown;
}

/** Reads the body of an apply patch: JSON or YAML. @throws 400 */
export async function readConfiguration(
  { yaml }: Pick<RegistryServices, "yaml">,
  context: RequestContext,
  expected: { readonly group: string; readonly version: string; readonly kind: string },
  fieldValidation: FieldValidation,
): Promise<Configuration> {
  const body = await context.body();
  const { value, duplicates }: Partial<ParsedYaml> =
    body instanceof Uint8Array ? await parse(yaml, textOf(body)) : { value: body };
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw badRequest(
      "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal value into Go value of type map[string]interface {}",
    );
  const { apiVersion = "", kind = "", metadata = {} } = value as Record<string, unknown>;
  for (const [field, given] of Object.entries({ apiVersion, kind }))
    if (typeof given !== "string")
      throw badRequest(
        `error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${typeof given} into Go struct field .${field} of type string`,
      );
  if (apiVersion !== apiVersionOf(expected) || kind !== expected.kind)
    throw badRequest(`invalid object type: ${printKind(String(apiVersion), String(kind))}`);
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata))
    throw badRequest("error decoding YAML: metadata must be an object");
  if (((metadata as { managedFields?: unknown }).managedFields ?? undefined) !== undefined)
    throw badRequest("metadata.managedFields must be nil");
  if (duplicates !== undefined && fieldValidation !== "Ignore") {
    const message = `error converting YAML to JSON: ${duplicates}`;
    if (fieldValidation === "Strict") throw badRequest(`error strict decoding YAML: ${message}`);
    context.warn(message);
  }
  return { ...value, metadata } as Configuration;
}

async function parse(yaml: RegistryServices["yaml"], text: string): Promise<Partial<ParsedYaml>> {
  try {
    const value = objectOf(text);
    // What is there twice is told in the words for YAML.
    const isPlain = value !== undefined && !holdsDuplicates(text, value);
    return isPlain ? { value } : await yaml.parse(text);
  } catch (err) {
    throw badRequest(`error decoding YAML: error converting YAML to JSON: yaml: ${(err as Error).message}`);
  }
}

const holdsDuplicates = (text: string, value: object): boolean =>
  mayHoldDuplicates(text, countMembers(value)) && findDuplicates(text).length > 0;

/** Undefined for what is no JSON: a YAML flow mapping may begin as an object does. */
function objectOf(text: string): object | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    return parseJson(text) as object;
  } catch {
    return undefined;
  }
}

function printKind(apiVersion: string, kind: string): string {
  return `${apiVersion.includes("/") ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;
}
