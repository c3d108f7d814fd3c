/** Rules of upstream for every schema of a CRD beyond being structural: forbidden members, x-kubernetes-list-type and kin. */
import { type FieldError, fieldError } from "#pkg/errors/index.ts";
import type { Schema } from "../../schema/schema.ts";
import type { ValidationRule } from "../../types/apiextensions-v1.ts";
import { META_FIELDS } from "../schema/schema-node.ts";
import { checkListKeys, checkListType, checkMapType } from "./list-type-rules.ts";
import { checkRuleForm } from "./rule-form.ts";

/** One schema on the way through all of them. */
export interface SchemaVisit {
  readonly schema: Schema;
  readonly path: string;
  readonly isRoot: boolean;
  /** Why defaults may not stand here. */
  readonly noDefaults: string | undefined;
  readonly isInsideMeta: boolean;
  /** The first schema above whose values cannot be told apart from one version of an object to the next. */
  readonly uncorrelatable: string | undefined;
  /** How often a value can be here: a product of maxItems and maxProperties, undefined where one is missing. */
  readonly cardinality: number | undefined;
  /** False under anyOf and the like, where there are no rules in CEL. */
  readonly isStructural: boolean;
}

export interface SchemaErrors {
  readonly schema: FieldError[];
  readonly cel: FieldError[];
}

/** Compiles the rules in CEL of one schema; called when nothing is wrong with it or below it. */
export type CheckRules = (visit: SchemaVisit, rules: readonly ValidationRule[], errors: FieldError[]) => void;

export const rootVisit = (schema: Schema, path: string): SchemaVisit => ({
  schema,
  path,
  isRoot: true,
  noDefaults: undefined,
  isInsideMeta: false,
  uncorrelatable: undefined,
  cardinality: 1,
  isStructural: true,
});

const TYPES = ["array", "boolean", "integer", "number", "object", "string"];
const single = (value: unknown): Schema | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Schema) : undefined;

/** Everything wrong in a schema and below it. `checkRules` is absent where rules in CEL are not to be looked at. */
export function validateOpenApi(visit: SchemaVisit, checkRules: CheckRules | undefined): SchemaErrors {
  const errors: SchemaErrors = { schema: [], cel: [] };
  const { schema, path } = visit;
  checkMembers(errors.schema, visit);
  const add = (found: SchemaErrors): void => {
    errors.schema.push(...found.schema);
    errors.cel.push(...found.cel);
  };
  for (const each of childrenOf(visit)) add(validateOpenApi(each, each.isStructural ? checkRules : undefined));
  checkMapType(errors.schema, schema, path);
  checkListType(errors.schema, schema, path);
  checkListKeys(errors.schema, schema, path);
  const rules = (schema["x-kubernetes-validations"] ?? []) as readonly ValidationRule[];
  for (const [i, rule] of rules.entries())
    checkRuleForm(errors.schema, rule, schema, `${path}.x-kubernetes-validations[${i}]`);
  if (rules.length > 0 && errors.schema.length === 0 && visit.isStructural) checkRules?.(visit, rules, errors.cel);
  return errors;
}

const UNSUPPORTED = ["additionalItems", "patternProperties", "definitions", "dependencies", "$ref"];

function checkMembers(errors: FieldError[], { schema, path, noDefaults, isInsideMeta }: SchemaVisit): void {
  const type: string = schema.type ?? "";
  if (type !== "" && !TYPES.includes(type)) errors.push(fieldError.notSupported(`${path}.type`, type, TYPES));
  if ((schema.default ?? undefined) !== undefined && noDefaults !== undefined)
    errors.push(fieldError.forbidden(`${path}.default`, `must not be set ${noDefaults}`));
  if (schema["id"]) errors.push(fieldError.forbidden(`${path}.id`, "id is not supported"));
  for (const member of UNSUPPORTED)
    if (isGiven(schema[member])) errors.push(fieldError.forbidden(`${path}.${member}`, `${member} is not supported`));
  if (type === "null")
    errors.push(fieldError.forbidden(`${path}.type`, "type cannot be set to null, use nullable as an alternative"));
  if (Array.isArray(schema.items) && schema.items.length > 0)
    errors.push(fieldError.forbidden(`${path}.items`, "items must be a schema object and not an array"));
  if (isInsideMeta && schema["x-kubernetes-embedded-resource"] === true)
    errors.push(
      fieldError.forbidden(`${path}.x-kubernetes-embedded-resource`, "must not be used inside of resource meta"),
    );
  if (schema["uniqueItems"] === true)
    errors.push(
      fieldError.forbidden(
        `${path}.uniqueItems`,
        "uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
      ),
    );
  const { additionalProperties } = schema;
  const hasProperties = Object.keys(schema.properties ?? {}).length > 0;
  if (additionalProperties !== undefined && additionalProperties !== true && hasProperties)
    errors.push(
      fieldError.forbidden(`${path}.additionalProperties`, "additionalProperties and properties are mutual exclusive"),
    );
  if (schema["x-kubernetes-preserve-unknown-fields"] === false)
    errors.push(fieldError.invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, "must be true or undefined"));
}

function isGiven(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return false;
  return typeof value !== "object" || Object.keys(value).length > 0;
}

function childrenOf(visit: SchemaVisit): SchemaVisit[] {
  const { schema, path } = visit;
  const found: SchemaVisit[] = [];
  const below = { ...visit, isRoot: false };
  const additional = single(schema.additionalProperties);
  if (additional !== undefined)
    found.push({
      ...below,
      schema: additional,
      path: `${path}.additionalProperties`,
      ...(visit.isInsideMeta ? { noDefaults: "inside additionalProperties applying to object metadata" } : {}),
      cardinality: times(visit.cardinality, schema["maxProperties"]),
    });
  const isResource = visit.isRoot || schema["x-kubernetes-embedded-resource"] === true;
  const isAtomic = schema["x-kubernetes-map-type"] === "atomic";
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const isMeta = isResource && META_FIELDS.has(name);
    found.push({
      ...below,
      schema: property,
      path: `${path}.properties[${name}]`,
      uncorrelatable: visit.uncorrelatable ?? (isAtomic ? path : undefined),
      isInsideMeta: visit.isInsideMeta || isMeta,
      noDefaults: isMeta && visit.isRoot ? `in top-level ${name}` : visit.noDefaults,
    });
  }
  const nested = { ...below, isStructural: false, cardinality: undefined };
  const not = single(schema["not"]);
  if (not !== undefined) found.push({ ...nested, schema: not, path: `${path}.not` });
  for (const junctor of ["allOf", "oneOf", "anyOf"])
    for (const [i, each] of ((schema[junctor] ?? []) as readonly Schema[]).entries())
      found.push({ ...nested, schema: each, path: `${path}.${junctor}[${i}]` });
  const items = single(schema.items);
  if (items !== undefined)
    found.push({
      ...below,
      schema: items,
      path: `${path}.items`,
      uncorrelatable: visit.uncorrelatable ?? (schema["x-kubernetes-list-type"] === "map" ? undefined : path),
      cardinality: times(visit.cardinality, schema["maxItems"]),
    });
  return found;
}

const times = (cardinality: number | undefined, max: unknown): number | undefined =>
  cardinality === undefined || typeof max !== "number" ? undefined : cardinality * max;
