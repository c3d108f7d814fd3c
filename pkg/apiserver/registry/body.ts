import type { ResourceDefinition } from "#pkg/api/definition.ts";
import { loadProtobufCodec } from "#pkg/api/protobuf/index.ts";
import { apiVersionOf } from "#pkg/api/resource-ref.ts";
import { DecodeError } from "#pkg/api/schema/decode-error.ts";
import { type Decode, Decoding } from "#pkg/api/schema/decoder.ts";
import { ApiError, badRequest } from "#pkg/errors/index.ts";
import type { RequestContext } from "../types.ts";
import { checkType } from "./check-type.ts";
import { type Expected, type RawBody, unrecognized } from "./raw-body.ts";
import { findDuplicates, mayHoldDuplicates } from "./duplicate-fields.ts";
import type { FieldValidation } from "./options.ts";
import { parseJson } from "./parse-json.ts";
import type { Obj, RegistryServices } from "./services.ts";

export type { Expected } from "./raw-body.ts";

const JSON_TYPES = new Set(["", "application/json", "*/*"]);
const YAML_TYPES = new Set(["application/yaml", "application/x-yaml", "text/yaml"]);
const PROTOBUF_TYPE = "application/vnd.kubernetes.protobuf";

export function contentType(context: RequestContext): string {
  const header = context.headers["content-type"];
  const value = typeof header === "string" ? header : "";
  const end = value.indexOf(";");
  return (end < 0 ? value : value.slice(0, end)).trim().toLowerCase();
}

/** Reads and parses a JSON, YAML or protobuf body. Undefined for an empty one. @throws 400, 413, 415 */
export async function readBody(
  services: Pick<RegistryServices, "yaml">,
  context: RequestContext,
  kind: string,
): Promise<RawBody | undefined> {
  const type = contentType(context);
  const isYaml = YAML_TYPES.has(type);
  const isProtobuf = type === PROTOBUF_TYPE;
  if (!isYaml && !JSON_TYPES.has(type) && !(isProtobuf && (await takesProtobuf(context, kind))))
    throw await unsupportedType(context, kind);
  const body = await context.body();
  if (body === undefined) return undefined;
  if (!(body instanceof Uint8Array)) return { value: body, text: undefined, isTyped: true };
  if (body.length === 0) return undefined;
  if (isProtobuf) return { value: await parseProtobufBody(body, kind), text: undefined };
  const text = textOf(body);
  return isYaml ? await parseYamlBody(services, text, kind) : { value: parseJsonBody(text, kind), text };
}

/** Kinds of CustomResourceDefinitions have no protobuf form; DeleteOptions has one wherever it is sent. */
async function takesProtobuf({ info }: RequestContext, kind: string): Promise<boolean> {
  return kind === "DeleteOptions" || (await loadProtobufCodec()).serves(apiVersionOf(info));
}

async function unsupportedType(context: RequestContext, kind: string): Promise<ApiError> {
  const more = (await takesProtobuf(context, kind)) ? `, ${PROTOBUF_TYPE}` : "";
  return new ApiError(
    415,
    "UnsupportedMediaType",
    `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml${more}`,
  );
}

async function parseProtobufBody(body: Uint8Array, kind: string): Promise<unknown> {
  try {
    const { apiVersion, kind: given, object } = (await loadProtobufCodec()).decode(body);
    return { apiVersion, kind: given, ...object };
  } catch (err) {
    // Messages may be nested deeper than a decoder can follow.
    if (!(err instanceof DecodeError || err instanceof RangeError)) throw err;
    throw unrecognized(kind, err.message, Buffer.from(body.subarray(0, 64)).toString("latin1"));
  }
}

export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}

function parseJsonBody(text: string, kind: string): unknown {
  try {
    return parseJson(text);
  } catch (err) {
    throw unrecognized(kind, `couldn't get version/kind; json parse error: ${(err as Error).message}`, text);
  }
}

async function parseYamlBody({ yaml }: Pick<RegistryServices, "yaml">, text: string, kind: string): Promise<RawBody> {
  try {
    const { value, duplicates } = await yaml.parse(text);
    return { value, text: undefined, ...(duplicates === undefined ? {} : { found: [duplicates] }) };
  } catch (err) {
    throw unrecognized(kind, `error converting YAML to JSON: yaml: ${(err as Error).message}`, text);
  }
}

/**
 * The body as an object of the expected kind: a private copy that holds only known fields, with kind, apiVersion and
 * metadata first (the canonical order). What was unknown or given twice warns or fails, as `fieldValidation` says.
 * @throws what `failed` makes of a value that does not fit; 400 unless told
 */
export function decodeObject(
  raw: RawBody,
  expected: Expected,
  fieldValidation: FieldValidation,
  warn: (text: string) => void,
  failed?: (why: string) => ApiError,
): Obj {
  const apiVersion = apiVersionOf(expected);
  const wrong = failed ?? ((why: string) => unhandled(expected, why));
  const { value } = raw;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const what = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
    throw badRequest(
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${what} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
    );
  }
  const given = value as Record<string, unknown>;
  const type = { apiVersion: textField(given, "apiVersion"), kind: textField(given, "kind") };
  if (type.apiVersion !== apiVersion || type.kind !== expected.kind) checkType(raw, type, expected, failed);

  const state = new Decoding();
  let decoded: Record<string, unknown>;
  try {
    decoded = expected.decode(given, state) as Record<string, unknown>;
  } catch (err) {
    if (err instanceof DecodeError) throw wrong(err.message);
    // The decoder recurses as deep as the value is.
    if (err instanceof RangeError) throw wrong("json: exceeded max depth");
    throw err;
  }
  if (fieldValidation !== "Ignore") report(raw, state, fieldValidation, wrong, warn);
  const { kind: _kind, apiVersion: _apiVersion, metadata, ...rest } = decoded;
  const object = { kind: expected.kind, apiVersion, metadata: metadata ?? {}, ...rest } as Obj;
  // An empty list of managers asks for the owners to be forgotten; decoding leaves empty lists out.
  const { managedFields } = (given["metadata"] ?? {}) as { managedFields?: unknown };
  if (Array.isArray(managedFields) && managedFields.length === 0) object.metadata.managedFields = [];
  return object;
}

const unhandled = ({ kind, version }: Expected, why: string): ApiError =>
  badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`);

function report(
  raw: RawBody,
  state: Decoding,
  fieldValidation: FieldValidation,
  failed: (why: string) => ApiError,
  warn: (text: string) => void,
): void {
  const found = [...(raw.found ?? []), ...state.unknown.map((path) => `unknown field "${path}"`)];
  if (raw.text !== undefined && mayHoldDuplicates(raw.text, state.members))
    for (const path of findDuplicates(raw.text)) found.push(`duplicate field "${path}"`);
  if (found.length === 0) return;
  if (fieldValidation === "Strict") throw failed(`strict decoding error: ${found.join(", ")}`);
  for (const text of found) warn(text);
}

function textField(given: Record<string, unknown>, field: string): string {
  const value = Object.hasOwn(given, field) ? given[field] : undefined;
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  throw badRequest(
    `couldn't get version/kind; json parse error: json: cannot unmarshal ${typeof value} into Go struct field .${field} of type string`,
  );
}

/** The expectation of a resource's own kind. */
export function expectedOf(definition: ResourceDefinition, decode: Decode): Expected {
  const { group, version, kind, definitions, definitionName } = definition;
  return { group, version, kind, decode, isCustom: definitions[definitionName] === undefined };
}
