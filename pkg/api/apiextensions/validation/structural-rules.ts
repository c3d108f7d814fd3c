/** What makes a schema structural (KEP-1111): every field is specified once, outside of anyOf, allOf, oneOf and not. */
import { type FieldError, fieldError } from "#pkg/errors/index.ts";
import type { Schema } from "../../schema/schema.ts";
import { jsonEqual } from "../schema/json.ts";
import type { CompilePattern } from "../schema/value-checks.ts";

type Level = "root" | "item" | "field";
type Errors = FieldError[];

const EMPTY_TYPE: Readonly<Record<Level, string>> = {
  root: "must not be empty at the root",
  item: "must not be empty for specified array items",
  field: "must not be empty for specified object fields",
};
const INT_OR_STRING = [{ type: "integer" }, { type: "string" }];

/** All findings, in the order of their texts, as upstream sorts them. */
export function validateStructural(schema: Schema, path: string, compilePattern: CompilePattern): FieldError[] {
  const errors: Errors = [];
  checkInvariants(errors, schema, "root", path, compilePattern);
  checkCompleteness(errors, schema, path);
  const textOf = (error: FieldError): string => `${error.field}: ${error.message}`;
  return errors.sort((a, b) => (textOf(a) < textOf(b) ? -1 : textOf(a) > textOf(b) ? 1 : 0));
}

const child = (path: string, name: string): string => `${path}.properties[${name}]`;
const entries = (schema: Schema): [string, Schema][] => Object.entries(schema.properties ?? {});
const propertyOf = (schema: Schema, name: string): Schema | undefined =>
  schema.properties !== undefined && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
const listOf = (schema: Schema, key: string): readonly Schema[] => (schema[key] ?? []) as readonly Schema[];
const single = (value: unknown): Schema | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Schema) : undefined;

function checkInvariants(errors: Errors, s: Schema, level: Level, path: string, compile: CompilePattern): void {
  const type: string = s.type ?? "";
  const isIntOrString = s["x-kubernetes-int-or-string"] === true;
  const isEmbedded = s["x-kubernetes-embedded-resource"] === true;
  const preserves = s["x-kubernetes-preserve-unknown-fields"] === true;
  const items = single(s.items);
  if (type === "array" && items === undefined) errors.push(fieldError.required(`${path}.items`, "must be specified"));
  if (items !== undefined) checkInvariants(errors, items, "item", `${path}.items`, compile);
  for (const [name, property] of entries(s)) checkInvariants(errors, property, "field", child(path, name), compile);
  if (s.additionalProperties !== undefined) {
    const at = `${path}.additionalProperties`;
    if (level === "root") errors.push(fieldError.forbidden(at, "must not be used at the root"));
    const additional = single(s.additionalProperties);
    if (additional !== undefined) checkInvariants(errors, additional, "field", at, compile);
  }
  const notWithIntOrString = "must be false if x-kubernetes-int-or-string is true";
  if (isIntOrString && preserves)
    errors.push(fieldError.invalid(`${path}.x-kubernetes-preserve-unknown-fields`, true, notWithIntOrString));
  if (isIntOrString && isEmbedded)
    errors.push(fieldError.invalid(`${path}.x-kubernetes-embedded-resource`, true, notWithIntOrString));
  const skipAnyOf = jsonEqual(s["anyOf"], INT_OR_STRING);
  const skipAllOf = jsonEqual(listOf(s, "allOf")[0]?.["anyOf"], INT_OR_STRING);
  checkValueValidation(errors, s, skipAnyOf, skipAllOf, path, compile);
  const embeddedType = "must be object if x-kubernetes-embedded-resource is true";
  if (isEmbedded && type !== "object") {
    if (type === "") errors.push(fieldError.required(`${path}.type`, embeddedType));
    else errors.push(fieldError.invalid(`${path}.type`, type, embeddedType));
  } else if (type === "" && !isIntOrString && !preserves)
    errors.push(fieldError.required(`${path}.type`, EMPTY_TYPE[level]));
  if (isEmbedded && s.additionalProperties !== undefined)
    errors.push(
      fieldError.forbidden(`${path}.additionalProperties`, "must not be used if x-kubernetes-embedded-resource is set"),
    );
  if (level === "root" && type !== "" && type !== "object")
    errors.push(fieldError.invalid(`${path}.type`, type, "must be object at the root"));
  checkMetaFields(errors, s, level, isEmbedded, path);
  if (isEmbedded && !preserves && entries(s).length === 0)
    errors.push(
      fieldError.required(
        `${path}.properties`,
        "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields",
      ),
    );
}

function checkMetaFields(errors: Errors, s: Schema, level: Level, isEmbedded: boolean, path: string): void {
  const isResource = level === "root" || isEmbedded;
  const { kind, apiVersion, metadata } = s.properties ?? {};
  if (kind !== undefined && isResource && kind.type !== "string")
    errors.push(fieldError.invalid(`${child(path, "kind")}.type`, kind.type ?? "", "must be string"));
  if (apiVersion !== undefined && isResource && apiVersion.type !== "string")
    errors.push(fieldError.invalid(`${child(path, "apiVersion")}.type`, apiVersion.type ?? "", "must be string"));
  if (metadata === undefined) return;
  const at = child(path, "metadata");
  if (isResource && metadata.type !== "object")
    errors.push(fieldError.invalid(`${at}.type`, metadata.type ?? "", "must be object"));
  if (level !== "root") return;
  const { type: _type, default: _default, properties = {}, ...rest } = metadata;
  const onlyNames = Object.keys(properties).every((name) => name === "name" || name === "generateName");
  if (!onlyNames || Object.values(rest).some(isSet))
    errors.push(
      fieldError.forbidden(
        at,
        "must not specify anything other than name and generateName, but metadata is implicitly specified",
      ),
    );
}

const isSet = (value: unknown): boolean =>
  value !== undefined && value !== false && value !== "" && !(Array.isArray(value) && value.length === 0);

function checkValueValidation(
  errors: Errors,
  v: Schema,
  skipAnyOf: boolean,
  skipAllOf: boolean,
  path: string,
  compile: CompilePattern,
): void {
  if (!skipAnyOf)
    for (const [i, each] of listOf(v, "anyOf").entries())
      checkNested(errors, each, false, `${path}.anyOf[${i}]`, compile);
  for (const [i, each] of listOf(v, "allOf").entries())
    checkNested(errors, each, skipAllOf && i === 0, `${path}.allOf[${i}]`, compile);
  for (const [i, each] of listOf(v, "oneOf").entries())
    checkNested(errors, each, false, `${path}.oneOf[${i}]`, compile);
  const not = single(v["not"]);
  if (not !== undefined) checkNested(errors, not, false, `${path}.not`, compile);
  const pattern = v["pattern"];
  if (typeof pattern !== "string" || pattern === "") return;
  try {
    compile(pattern);
  } catch (err) {
    const why = `must be a valid regular expression, but isn't: ${(err as Error).message}`;
    errors.push(fieldError.invalid(`${path}.pattern`, pattern, why));
  }
}

/** Members that only the structural part of a schema may have, and what upstream says about them elsewhere. */
const FORBIDDEN: readonly (readonly [string, string])[] = [
  ["type", "must be empty to be structural"],
  ["additionalProperties", "must be undefined to be structural"],
  ["default", "must be undefined to be structural"],
  ["title", "must be empty to be structural"],
  ["description", "must be empty to be structural"],
  ["nullable", "must be false to be structural"],
  ["externalDocs", "must be undefined to be structural"],
  ["x-kubernetes-preserve-unknown-fields", "must be false to be structural"],
  ["x-kubernetes-embedded-resource", "must be false to be structural"],
  ["x-kubernetes-int-or-string", "must be false to be structural"],
  ["x-kubernetes-list-map-keys", "must be empty to be structural"],
  ["x-kubernetes-list-type", "must be undefined to be structural"],
  ["x-kubernetes-map-type", "must be undefined to be structural"],
  ["x-kubernetes-validations", "must be empty to be structural"],
];

function checkNested(errors: Errors, v: Schema, skipAnyOf: boolean, path: string, compile: CompilePattern): void {
  checkValueValidation(errors, v, skipAnyOf, false, path, compile);
  const items = single(v.items);
  if (items !== undefined) checkNested(errors, items, false, `${path}.items`, compile);
  for (const [name, property] of entries(v)) checkNested(errors, property, false, child(path, name), compile);
  for (const [member, why] of FORBIDDEN) {
    const value = v[member];
    const counts = member === "additionalProperties" || member === "default" ? (value ?? null) !== null : isSet(value);
    if (counts) errors.push(fieldError.forbidden(`${path}.${member}`, why));
  }
  if (v.properties?.["metadata"] !== undefined)
    errors.push(fieldError.forbidden(child(path, "metadata"), "must not be specified in a nested context"));
}

/** What is said of a field under anyOf and the like must be a field of the structural part as well. */
function checkCompleteness(errors: Errors, s: Schema, path: string): void {
  checkJunctors(errors, s, s, path, path);
  const items = single(s.items);
  if (items !== undefined) checkCompleteness(errors, items, `${path}.items`);
  for (const [name, property] of entries(s)) checkCompleteness(errors, property, child(path, name));
  const additional = single(s.additionalProperties);
  if (additional !== undefined) checkCompleteness(errors, additional, `${path}.additionalProperties`);
}

function checkJunctors(errors: Errors, v: Schema, s: Schema, sPath: string, vPath: string): void {
  const not = single(v["not"]);
  if (not !== undefined) checkNestedCompleteness(errors, not, s, sPath, `${vPath}.not`);
  for (const junctor of ["allOf", "anyOf", "oneOf"])
    for (const [i, each] of listOf(v, junctor).entries())
      checkNestedCompleteness(errors, each, s, sPath, `${vPath}.${junctor}[${i}]`);
}

function checkNestedCompleteness(errors: Errors, v: Schema, s: Schema | undefined, sPath: string, vPath: string): void {
  if (s === undefined) {
    errors.push(fieldError.required(sPath, `because it is defined in ${vPath}`));
    return;
  }
  checkJunctors(errors, v, s, sPath, vPath);
  const items = single(v.items);
  if (items !== undefined) checkNestedCompleteness(errors, items, single(s.items), `${sPath}.items`, `${vPath}.items`);
  for (const [name, property] of entries(v))
    checkNestedCompleteness(errors, property, propertyOf(s, name), child(sPath, name), child(vPath, name));
}
