/**
 * Runs x-kubernetes-validations on an object: every rule of every place, within one budget of cost, with upstream's words.
 *
 *   value, old value ─▶ rules here ─▶ children ─▶ …     old values: of map keys, and items of lists of type map
 *
 * A rule that fails where nothing changed is a warning only (ratcheting), unless it compares with the old value itself.
 */
import { OBJECT_COST_BUDGET, type CostBudget, type EvaluateResult } from "#pkg/cel/types.ts";
import { type FieldError, fieldError } from "#pkg/errors/index.ts";
import type { Schema } from "../../schema/schema.ts";
import { type CompiledRule, compileRules } from "./compile-rule.ts";
import type { Cel } from "./engines.ts";
import { childPath, NO_FIELD } from "./findings.ts";
import { isObject, type JsonObject } from "../../json-object.ts";
import { jsonEqual } from "./json.ts";
import { ABSENT, correlateItems } from "./schema-validator.ts";

const OUT_OF_BUDGET = "validation failed due to running out of cost budget, no further validation rules will be run";
const MAX_MESSAGE_BYTES = 5 * 1024;

/** The rules at one place of a schema and below it. */
interface RuleNode {
  readonly schema: Schema;
  readonly rules: readonly CompiledRule[];
  readonly properties: ReadonlyMap<string, RuleNode>;
  readonly items: RuleNode | undefined;
  readonly additional: RuleNode | undefined;
}

export interface RuleFindings {
  readonly errors: FieldError[];
  /** Texts of findings that ratcheting lets pass. */
  readonly warnings: string[];
}

/** The rules of a custom resource, compiled. */
export class RuleSet {
  readonly #cel: Cel;
  readonly #root: RuleNode | undefined;

  /** `isRoot` where the schema is a resource's own. */
  constructor(cel: Cel, schema: Schema, isRoot = true) {
    this.#cel = cel;
    this.#root = nodeOf(cel, schema, isRoot);
  }

  /** Runs all rules on a default, which is its own old value. */
  validateDefault(value: unknown, path: string): FieldError[] {
    const run = new Run(this.#cel);
    if (this.#root !== undefined) run.visit(this.#root, value, value, path, { current: undefined, parent: undefined });
    return run.errors;
  }

  /** `old` is ABSENT on a create. */
  validate(object: JsonObject, old: unknown): RuleFindings {
    const run = new Run(this.#cel);
    const pair = old === ABSENT ? undefined : { value: object, old };
    if (this.#root !== undefined) run.visit(this.#root, object, old, "", { current: pair, parent: undefined });
    return { errors: run.errors, warnings: run.warnings };
  }
}

function nodeOf(cel: Cel, schema: Schema, isRoot: boolean): RuleNode | undefined {
  const rules = compileRules(cel, schema, isRoot) ?? [];
  const properties = new Map<string, RuleNode>();
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const node = nodeOf(cel, property, false);
    if (node !== undefined) properties.set(name, node);
  }
  const single = (value: unknown): RuleNode | undefined =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? nodeOf(cel, value as Schema, false)
      : undefined;
  const items = single(schema.items);
  const additional = single(schema.additionalProperties);
  if (rules.length === 0 && properties.size === 0 && items === undefined && additional === undefined) return undefined;
  return { schema, rules, properties, items, additional };
}

interface Pair {
  readonly value: unknown;
  readonly old: unknown;
}
/** What a finding's place was before: itself, or the nearest place above it that can be found in the old object. */
interface Correlation {
  readonly current: Pair | undefined;
  readonly parent: Pair | undefined;
}

class Run {
  readonly errors: FieldError[] = [];
  readonly warnings: string[] = [];
  readonly #cel: Cel;
  readonly #budget: CostBudget = { remaining: OBJECT_COST_BUDGET };
  #isOver = false;

  constructor(cel: Cel) {
    this.#cel = cel;
  }

  visit(node: RuleNode, value: unknown, old: unknown, path: string, correlation: Correlation): void {
    if (value === null || value === undefined || this.#isOver) return;
    this.#check(node, value, old, path, correlation);
    if (Array.isArray(value)) this.#visitItems(node, value, old, path, correlation);
    else if (isObject(value)) this.#visitMembers(node, value, old, path, correlation);
  }

  #visitItems(node: RuleNode, list: readonly unknown[], old: unknown, path: string, correlation: Correlation): void {
    if (node.items === undefined) return;
    const match = Array.isArray(old) ? correlateItems(node.schema, old) : undefined;
    for (let i = 0; i < list.length && !this.#isOver; i++) {
      const before = match === undefined ? ABSENT : match(list[i]);
      this.visit(node.items, list[i], before, `${path}[${i}]`, below(correlation, list[i], before));
    }
  }

  #visitMembers(node: RuleNode, object: JsonObject, old: unknown, path: string, correlation: Correlation): void {
    const isAtomic = node.schema["x-kubernetes-map-type"] === "atomic";
    const oldMap = isObject(old) ? old : undefined;
    for (const key of Object.keys(object)) {
      const child = node.properties.get(key) ?? node.additional;
      if (child === undefined || this.#isOver) continue;
      const at = node.properties.has(key) ? childPath(path, key) : `${path}[${key}]`;
      const before = oldMap !== undefined && Object.hasOwn(oldMap, key) ? oldMap[key] : ABSENT;
      this.visit(child, object[key], isAtomic ? ABSENT : before, at, below(correlation, object[key], before));
    }
  }

  #check(node: RuleNode, value: unknown, old: unknown, path: string, correlation: Correlation): void {
    const type: string = node.schema.type ?? "";
    const field = path === "" ? NO_FIELD : path;
    const hasOld = old !== ABSENT && old !== null;
    for (const each of node.rules) {
      if (this.#isOver) return;
      if (each.error !== undefined || each.program === undefined) {
        this.errors.push(fieldError.invalid(field, type, `rule compile error: ${each.error}`));
        continue;
      }
      if (each.usesOldSelf && !hasOld && each.rule.optionalOldSelf !== true) continue;
      if (this.#budget.remaining <= 0) return this.#stop(fieldError.invalid(field, type, OUT_OF_BUDGET));
      const bindings = hasOld ? { self: value, oldSelf: old } : { self: value };
      const result = this.#cel.evaluate(each.program, bindings, { budget: this.#budget });
      if (result.error !== undefined) this.#failed(result, each, field, type);
      else if (result.value !== true) this.#refused(each, bindings, path, type, correlation);
    }
  }

  #stop(error: FieldError): void {
    this.errors.push(error);
    this.#isOver = true;
  }

  /** A rule that could not be evaluated. */
  #failed(
    result: Extract<EvaluateResult, { error: string }>,
    { rule }: CompiledRule,
    field: string,
    type: string,
  ): void {
    const text = (rule.message || rule.rule).trim();
    const { error } = result;
    if (result.reason === "budget") return this.#stop(fieldError.invalid(field, type, OUT_OF_BUDGET));
    if (result.reason === "call-cost") {
      const why = `'${error}': no further validation rules will be run due to call cost exceeds limit for rule: ${text}`;
      return this.#stop(fieldError.invalid(field, type, why));
    }
    const why = error.startsWith("no such overload")
      ? `'${error}': call arguments did not match a supported operator, function or macro signature for rule: ${text}`
      : `${error} evaluating rule: ${text}`;
    this.errors.push(fieldError.invalid(field, type, why));
  }

  /** A rule that says no. */
  #refused(
    each: CompiledRule,
    bindings: Readonly<Record<string, unknown>>,
    path: string,
    type: string,
    correlation: Correlation,
  ): void {
    const { rule } = each;
    const at = each.fieldPath === "" ? path : childPath(path, each.fieldPath);
    const field = at === "" ? NO_FIELD : at;
    const message = this.#message(each, bindings, field, type);
    if (message === undefined) return;
    const error = errorOf(rule.reason, field, type, message);
    if (!each.usesOldSelf && isUnchanged(correlation)) this.warnings.push(`${error.field}: ${error.message}`);
    else this.errors.push(error);
  }

  /** Undefined when the messageExpression used up the budget, which is then the finding. */
  #message(
    { rule, messageProgram }: CompiledRule,
    bindings: Readonly<Record<string, unknown>>,
    field: string,
    type: string,
  ): string | undefined {
    const plain = rule.message ? rule.message.trim() : `failed rule: ${rule.rule.trim()}`;
    if (messageProgram === undefined) return plain;
    const result = this.#cel.evaluate(messageProgram, bindings, { budget: this.#budget });
    if (result.error === undefined) {
      const text = typeof result.value === "string" ? result.value.trim() : "";
      const isUsable = text !== "" && !text.includes("\n") && Buffer.byteLength(text) <= MAX_MESSAGE_BYTES;
      return isUsable ? text : plain;
    }
    if (result.reason === "error") return plain;
    const why =
      result.reason === "budget"
        ? "messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run"
        : `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${JSON.stringify(rule.messageExpression)}`;
    this.#stop(fieldError.invalid(field, type, why));
    return undefined;
  }
}

function below({ current, parent }: Correlation, value: unknown, old: unknown): Correlation {
  if (current === undefined) return { current, parent };
  return { current: old === ABSENT ? undefined : { value, old }, parent: current };
}

function isUnchanged({ current, parent }: Correlation): boolean {
  const pair = current ?? parent;
  return pair !== undefined && jsonEqual(pair.value, pair.old);
}

function errorOf(reason: string | undefined, field: string, type: string, message: string): FieldError {
  switch (reason) {
    case "FieldValueForbidden":
      return fieldError.forbidden(field, message);
    case "FieldValueRequired":
      return fieldError.required(field, message);
    case "FieldValueDuplicate":
      return fieldError.duplicate(field, type);
    default:
      return fieldError.invalid(field, type, message);
  }
}
