/**
 * Validation of values by OpenAPI schemas, with kube-openapi's messages and field paths. Given the old value too, findings
 * on what did not change are dropped (upstream's ratcheting): only map keys and items of lists of type map correlate.
 */
import type { Schema } from "../../schema/schema.ts";
import { childPath, Findings } from "./findings.ts";
import { formatTest, isKnownFormat } from "./formats.ts";
import { isObject, type JsonObject, ownValue } from "../../json-object.ts";
import { jsonEqual } from "./json.ts";
import { type CompilePattern, numberCheck, stringCheck } from "./value-checks.ts";

/** No old value that belongs to the one at hand. */
export const ABSENT: unique symbol = Symbol("absent");

export class SchemaValidator {
  readonly #schema: Schema;
  readonly #compilePattern: CompilePattern;
  readonly #isRoot: boolean;
  /** Several only for int-or-string. */
  readonly #types: readonly string[];
  /** "" where values are not checked for it. */
  readonly #format: string;
  readonly #formatTest: ((value: string) => boolean) | undefined;
  readonly #number: ReturnType<typeof numberCheck>;
  readonly #string: ReturnType<typeof stringCheck>;
  readonly #enum: readonly unknown[] | undefined;
  readonly #required: readonly string[];
  readonly #propertySchemas: ReadonlyMap<string, Schema>;
  readonly #properties = new Map<string, SchemaValidator>();
  #items: SchemaValidator | undefined;
  #additional: SchemaValidator | undefined;
  readonly #allOf: readonly SchemaValidator[];
  readonly #anyOf: readonly SchemaValidator[];
  readonly #oneOf: readonly SchemaValidator[];
  readonly #not: SchemaValidator | undefined;

  constructor(schema: Schema, compilePattern: CompilePattern, isRoot = false) {
    this.#schema = schema;
    this.#compilePattern = compilePattern;
    this.#isRoot = isRoot;
    const type: string = schema.type ?? "";
    this.#types = schema["x-kubernetes-int-or-string"] === true ? ["integer", "string"] : type === "" ? [] : [type];
    const single = this.#types.length === 1 ? (this.#types[0] as string) : "";
    this.#format = schema.format !== undefined && isKnownFormat(single, schema.format) ? schema.format : "";
    this.#formatTest = single === "" || single === "string" ? formatTest(this.#format) : undefined;
    this.#number = numberCheck(schema, this.#types, this.#format);
    this.#string = stringCheck(schema, compilePattern);
    this.#enum = schema.enum !== undefined && schema.enum.length > 0 ? schema.enum : undefined;
    this.#required = schema.required ?? [];
    this.#propertySchemas = new Map(Object.entries(schema.properties ?? {}));
    const all = (key: string): readonly SchemaValidator[] =>
      ((schema[key] ?? []) as readonly Schema[]).map((each) => new SchemaValidator(each, compilePattern));
    this.#allOf = all("allOf");
    this.#anyOf = all("anyOf");
    this.#oneOf = all("oneOf");
    const not = schema["not"] as Schema | undefined;
    this.#not = not === undefined ? undefined : new SchemaValidator(not, compilePattern);
  }

  /** Adds what is wrong with `value` to `findings`; `path` is the value's own. */
  validate(value: unknown, path: string, findings: Findings, old: unknown = ABSENT): void {
    const before = findings.errors.length;
    this.#check(value, path, findings, old);
    if (findings.errors.length > before && old !== ABSENT && jsonEqual(value, old)) findings.errors.length = before;
  }

  #check(value: unknown, path: string, findings: Findings, old: unknown): void {
    this.#checkType(value, path, findings);
    if (value !== null && value !== undefined) {
      if (this.#anyOf.length > 0) this.#checkAnyOf(value, path, findings);
      if (this.#oneOf.length > 0) this.#checkOneOf(value, path, findings);
      if (this.#allOf.length > 0) this.#checkAllOf(value, path, findings);
      if (this.#not !== undefined && this.#accepts(this.#not, value, path))
        findings.composite(`${JSON.stringify(path)} must not validate the schema (not)`);
      if (typeof value === "string") {
        this.#string?.(value, path, findings);
        if (this.#formatTest?.(value) === false) findings.wrongType(path, this.#format, value);
      } else if (typeof value === "number") this.#number?.(value, path, findings);
      else if (Array.isArray(value)) this.#checkList(value, path, findings, old);
    }
    if (this.#enum !== undefined && !this.#enum.some((each) => jsonEqual(each, value ?? null)))
      findings.notSupported(path, value, this.#enum);
    if (isObject(value)) this.#checkObject(value, path, findings, old);
    findings.matches++;
  }

  #checkType(value: unknown, path: string, findings: Findings): void {
    const types = this.#types;
    if (value === null || value === undefined) {
      if (types.length > 0 && this.#schema.nullable !== true) findings.wrongType(path, types.join(","), "null");
      else findings.matches++;
      return;
    }
    if (types.length === 0 && this.#format === "") return;
    const given = typeOf(value);
    const fits =
      types.includes(given) ||
      (given === "integer" && types.includes("number")) ||
      (types.length === 0 && given === "string");
    if (fits) findings.matches++;
    else if (this.#format !== "" && given !== "string" && given !== "array")
      findings.wrongType(path, this.#format, given === "integer" ? "int64" : given === "number" ? "float64" : "");
    else if (this.#format !== "" && given === "array" && !types.includes("integer") && !types.includes("number"))
      return;
    else findings.wrongType(path, types.join(","), given);
  }

  #checkList(list: readonly unknown[], path: string, findings: Findings, old: unknown): void {
    const { items } = this.#schema;
    if (typeof items === "object") {
      this.#items ??= new SchemaValidator(items, this.#compilePattern);
      const match = Array.isArray(old) ? this.#oldItems(old) : undefined;
      for (let i = 0; i < list.length; i++)
        this.#items.validate(list[i], `${path}[${i}]`, findings, match === undefined ? ABSENT : match(list[i]));
    }
    const min = this.#schema["minItems"];
    const max = this.#schema["maxItems"];
    if (typeof min === "number" && list.length < min)
      findings.invalid(path, list.length, `should have at least ${min} items`);
    if (typeof max === "number" && list.length > max) findings.tooMany(path, list.length, max);
    findings.matches++;
  }

  /** The old item of the same keys, in lists of type map. */
  #oldItems(old: readonly unknown[]): ((item: unknown) => unknown) | undefined {
    return correlateItems(this.#schema, old);
  }

  #checkObject(object: JsonObject, path: string, findings: Findings, old: unknown): void {
    const keys = Object.keys(object);
    const min = this.#schema["minProperties"];
    const max = this.#schema["maxProperties"];
    if (typeof min === "number" && keys.length < min)
      return findings.invalid(path, keys.length, `should have at least ${min} properties`);
    if (typeof max === "number" && keys.length > max) return findings.tooMany(path, keys.length, max);
    const { additionalProperties } = this.#schema;
    for (const key of keys) {
      const child = this.#property(key);
      if (child === undefined) {
        if (additionalProperties === undefined || additionalProperties === true) continue;
        if (additionalProperties === false) {
          findings.invalidProperty(path, key);
          continue;
        }
        this.#additional ??= new SchemaValidator(additionalProperties, this.#compilePattern);
      }
      const validator = child ?? (this.#additional as SchemaValidator);
      // What a version calls its kind is no change.
      const isTypeMeta = this.#isRoot && (key === "apiVersion" || key === "kind");
      const oldChild = !isTypeMeta && isObject(old) && Object.hasOwn(old, key) ? old[key] : ABSENT;
      validator.validate(object[key], childPath(path, key), findings, oldChild);
    }
    for (const key of this.#required) if (!Object.hasOwn(object, key)) findings.required(childPath(path, key));
  }

  #property(name: string): SchemaValidator | undefined {
    let validator = this.#properties.get(name);
    if (validator !== undefined) return validator;
    const schema = this.#propertySchemas.get(name);
    if (schema === undefined) return undefined;
    validator = new SchemaValidator(schema, this.#compilePattern);
    this.#properties.set(name, validator);
    return validator;
  }

  #accepts(validator: SchemaValidator, value: unknown, path: string): boolean {
    const findings = new Findings();
    validator.validate(value, path, findings);
    return findings.errors.length === 0;
  }

  /** The alternative that came furthest speaks for all that failed. */
  #try(alternatives: readonly SchemaValidator[], value: unknown, path: string, base: string): [number, Findings] {
    let valid = 0;
    let best: Findings | undefined;
    for (const alternative of alternatives) {
      const findings = new Findings(base);
      alternative.validate(value, path, findings);
      if (findings.errors.length === 0) valid++;
      else if (best === undefined || findings.matches > best.matches) best = findings;
    }
    return [valid, best ?? new Findings(base)];
  }

  #checkAnyOf(value: unknown, path: string, findings: Findings): void {
    const [valid, best] = this.#try(this.#anyOf, value, path, findings.base);
    if (valid > 0) {
      findings.matches++;
      return;
    }
    findings.composite(`${JSON.stringify(path)} must validate at least one schema (anyOf)`);
    findings.errors.push(...best.errors);
  }

  #checkOneOf(value: unknown, path: string, findings: Findings): void {
    const [valid, best] = this.#try(this.#oneOf, value, path, findings.base);
    if (valid === 1) {
      findings.matches++;
      return;
    }
    const found = valid === 0 ? "Found none valid" : `Found ${valid} valid alternatives`;
    findings.composite(`${JSON.stringify(path)} must validate one and only one schema (oneOf). ${found}`);
    if (valid === 0) findings.errors.push(...best.errors);
  }

  #checkAllOf(value: unknown, path: string, findings: Findings): void {
    let valid = 0;
    for (const validator of this.#allOf) {
      const before = findings.errors.length;
      validator.validate(value, path, findings);
      if (findings.errors.length === before) valid++;
    }
    if (valid === this.#allOf.length) return;
    findings.composite(
      `${JSON.stringify(path)} must validate all the schemas (allOf)${valid === 0 ? ". None validated" : ""}`,
    );
  }
}

/** JSON's types; an integer is a number without a fraction that a double holds exactly. */
export function typeOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isSafeInteger(value) ? "integer" : "number";
  if (value === null) return "null";
  return typeof value;
}

/**
 * Finds the item of the old list that has the same keys, ABSENT where there is none. Undefined where items of the list
 * cannot be told apart: it is not of type map.
 */
export function correlateItems(schema: Schema, old: readonly unknown[]): ((item: unknown) => unknown) | undefined {
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  if (schema["x-kubernetes-list-type"] !== "map" || keys.length === 0) return undefined;
  const keyOf = (item: unknown): string | undefined =>
    isObject(item) ? JSON.stringify(keys.map((key) => ownValue(item, key) ?? null)) : undefined;
  let byKey: Map<string, unknown> | undefined;
  return (item) => {
    if (byKey === undefined) {
      byKey = new Map();
      for (const each of old) {
        const key = keyOf(each);
        if (key !== undefined && !byKey.has(key)) byKey.set(key, each);
      }
    }
    const key = keyOf(item);
    return key !== undefined && byKey.has(key) ? byKey.get(key) : ABSENT;
  };
}
