import { isBuiltinKind } from "#pkg/api/schema/load.ts";
import { apiVersionOf } from "#pkg/api/resource-ref.ts";
import { type ApiError, badRequest, type FieldError, fieldError, invalid } from "#pkg/errors/index.ts";
import { type Expected, type RawBody, unrecognized } from "./raw-body.ts";

/** What a body says of itself; "" where it says nothing. */
export interface GivenType {
  readonly apiVersion: string;
  readonly kind: string;
}

/** Upstream's name for the registry of all kinds, which its messages end with. */
const SCHEME = "pkg/api/legacyscheme/scheme.go:30";

/**
 * Refuses a body whose kind and apiVersion are not those of the resource, in upstream's words; lets pass what built-in kinds
 * may leave out. Upstream reads custom resources as they are and checks their kind with their fields.
 * `failed` is what a patch makes of a result that cannot be read.
 * @throws 400, 422
 */
export function checkType(
  raw: RawBody,
  given: GivenType,
  expected: Expected,
  failed: ((why: string) => ApiError) | undefined,
): void {
  const refuse = (why: string): ApiError => failed?.(why) ?? unrecognized(expected.kind, why, textOf(raw));
  if (given.apiVersion.split("/").length > 2) throw refuse(`unexpected GroupVersion string: ${given.apiVersion}`);
  const wanted = apiVersionOf(expected);
  // A custom resource has to say what it is.
  const isWhole = expected.isCustom === true && raw.isTyped !== true;
  const type = isWhole ? given : { apiVersion: given.apiVersion || wanted, kind: given.kind || expected.kind };
  if (type.apiVersion === wanted && type.kind === expected.kind) return;
  if (type.kind === "") throw refuse(`Object 'Kind' is missing in '${textOf(raw)}'`);
  if (expected.isCustom === true) throw otherCustom(raw, type, expected, failed !== undefined);
  throw otherBuiltin(type, expected, failed);
}

/** The kind is judged when the object is validated; its version before, unless it is a patch that changed it. */
function otherCustom(raw: RawBody, { apiVersion, kind }: GivenType, expected: Expected, patched: boolean): ApiError {
  const wanted = apiVersionOf(expected);
  const errors: FieldError[] = [];
  if (kind !== expected.kind) errors.push(fieldError.invalid("kind", kind, `must be ${expected.kind}`));
  if (apiVersion !== wanted) {
    if (!patched) return otherVersion(apiVersion, wanted);
    errors.push(fieldError.invalid("apiVersion", apiVersion, `must be ${wanted}`));
  }
  const { name } = (raw.value as { metadata?: { name?: unknown } | null }).metadata ?? {};
  return invalid(groupOf(apiVersion), kind, typeof name === "string" ? name : "", errors);
}

function otherBuiltin(
  { apiVersion, kind }: GivenType,
  expected: Expected,
  failed: ((why: string) => ApiError) | undefined,
): ApiError {
  const version = apiVersion.slice(apiVersion.indexOf("/") + 1);
  let why: string;
  if (!isBuiltinKind(apiVersion, kind))
    why = `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "${SCHEME}"`;
  else if (kind === expected.kind && internalOf(groupOf(apiVersion)) === internalOf(expected.group))
    return otherVersion(apiVersion, apiVersionOf(expected));
  else {
    const internal = `${internalOf(expected.group)}.${expected.kind}`;
    why = `converting (${version}.${kind}) to (${internal}): unknown conversion`;
  }
  return failed?.(why) ?? badRequest(`${kind} in version "${version}" cannot be handled as a ${expected.kind}: ${why}`);
}

const textOf = (raw: RawBody): string => raw.text ?? JSON.stringify(raw.value);

const otherVersion = (given: string, wanted: string): ApiError =>
  badRequest(`the API version in the data (${given}) does not match the expected API version (${wanted})`);

const groupOf = (apiVersion: string): string =>
  apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";

/** The Go package of a group's internal types. */
const internalOf = (group: string): string =>
  group === "" || group === "events.k8s.io" ? "core" : (group.split(".")[0] as string);
