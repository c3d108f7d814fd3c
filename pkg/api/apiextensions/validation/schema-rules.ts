import { type FieldError, fieldError } from "#pkg/errors/index.ts";
import type { Schema } from "../../schema/schema.ts";
import { SchemaNode } from "../schema/schema-node.ts";
import { type SchemaEngines, validateDefaults } from "./default-rules.ts";
import { rootVisit, validateOpenApi } from "./open-api-rules.ts";
import { RuleExpressions } from "./rule-expressions.ts";
import { validateStructural } from "./structural-rules.ts";

export interface SchemaOptions {
  readonly hasStatus: boolean;
  /** The same schema was there before: its rules are not held to limits of cost any more. */
  readonly isUnchanged: boolean;
}

/** Upstream's names of the members that the root may have next to a status subresource, in its order. */
const AT_ROOT = [
  "Description",
  "Type",
  "Format",
  "Title",
  "Maximum",
  "ExclusiveMaximum",
  "Minimum",
  "ExclusiveMinimum",
  "MaxLength",
  "MinLength",
  "Pattern",
  "MaxItems",
  "MinItems",
  "UniqueItems",
  "MultipleOf",
  "Required",
  "Items",
  "Properties",
  "ExternalDocs",
  "Example",
  "XPreserveUnknownFields",
  "XValidations",
];
const ROOT_MEMBERS = new Set([
  ...AT_ROOT.map((name) => name.charAt(0).toLowerCase() + name.slice(1)),
  "x-kubernetes-preserve-unknown-fields",
  "x-kubernetes-validations",
]);

/** Upstream has no such limit but its request size; past this, checks would not come to an end on JavaScript's stack. */
const MAX_DEPTH = 1000;

/** Goes down level by level, so that any depth can be told. */
function isDeeperThan(value: unknown, max: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > max) return true;
    level = level.flatMap((each) =>
      typeof each === "object" && each !== null ? Object.values(each).filter((child) => typeof child === "object") : [],
    );
  }
  return false;
}

/** Everything wrong with the schema of a version. `path` is that of the root schema. */
export function validateSchema(
  schema: Schema,
  path: string,
  engines: SchemaEngines,
  options: SchemaOptions,
): FieldError[] {
  if (isDeeperThan(schema, MAX_DEPTH))
    return [fieldError.invalid(path, "", `must not be nested deeper than ${MAX_DEPTH}`)];
  const errors: FieldError[] = [];
  if (options.hasStatus) checkRootMembers(errors, schema, path);
  if (schema.nullable === true)
    errors.push(fieldError.forbidden(`${path}.nullable`, "nullable cannot be true at the root"));
  const structural = validateStructural(schema, path, engines.compilePattern);
  const defaults = structural.length > 0 ? [] : validateDefaults(new SchemaNode(schema, true), path, engines);
  errors.push(...structural, ...defaults);
  // Schemas that are not structural have no types that expressions could be checked with.
  const isSound = structural.length === 0 && defaults.length === 0;
  const { cel } = engines;
  const expressions = cel === undefined || !isSound ? undefined : new RuleExpressions(cel, !options.isUnchanged);
  const found = validateOpenApi(
    rootVisit(schema, path),
    expressions === undefined ? undefined : (visit, rules, to) => expressions.check(visit, rules, to),
  );
  errors.push(...found.schema, ...found.cel, ...(expressions?.total(path) ?? []));
  return errors;
}

function checkRootMembers(errors: FieldError[], schema: Schema, path: string): void {
  const type: string | undefined = schema.type;
  if (type !== undefined && type !== "object") {
    const why = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled';
    errors.push(fieldError.invalid(`${path}.type`, type, why));
  } else if (Object.keys(schema).some((member) => schema[member] !== undefined && !ROOT_MEMBERS.has(member))) {
    const why = `only [${AT_ROOT.join(" ")}] fields are allowed at the root of the schema if the status subresource is enabled`;
    errors.push(fieldError.invalid(path, schema, why));
  }
}
