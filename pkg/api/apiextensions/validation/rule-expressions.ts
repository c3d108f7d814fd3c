/** Expressions of x-kubernetes-validations: they must compile, and their estimated costs must be within upstream's limits. */
import { STATIC_CRD_COST_LIMIT, STATIC_RULE_COST_LIMIT, type Compiled } from "#pkg/cel/types.ts";
import { type FieldError, fieldError } from "#pkg/errors/index.ts";
import type { ValidationRule } from "../../types/apiextensions-v1.ts";
import { compileRules } from "../schema/compile-rule.ts";
import type { Cel } from "../schema/engines.ts";
import type { SchemaVisit } from "./open-api-rules.ts";

const MOST_EXPENSIVE = 4;

/** Checks the rules of one CRD version and adds up what they cost. */
export class RuleExpressions {
  readonly #cel: Cel;
  /** False where the schema was there before: what was accepted once goes on being accepted. */
  readonly #limitsRules: boolean;
  /** Of those that make up a hundredth of the limit or more. */
  readonly #costs: { readonly path: string; readonly cost: number }[] = [];
  #total = 0;

  constructor(cel: Cel, limitsRules: boolean) {
    this.#cel = cel;
    this.#limitsRules = limitsRules;
  }

  check(visit: SchemaVisit, rules: readonly ValidationRule[], errors: FieldError[]): void {
    const at = `${visit.path}.x-kubernetes-validations`;
    const compiled = compileRules(this.#cel, visit.schema, visit.isRoot);
    if (compiled === undefined) {
      const message =
        "Internal error: internal error: failed to retrieve type information for x-kubernetes-validations";
      errors.push({ reason: "InternalError", field: at, message });
      return;
    }
    for (const [i, each] of compiled.entries()) {
      const rule = rules[i] as ValidationRule;
      const path = `${at}[${i}]`;
      if (each.program !== undefined) this.#observe(errors, `${path}.rule`, "rule", each.program, visit);
      if (each.error !== undefined) errors.push(fieldError.invalid(`${path}.rule`, shown(rule), each.error));
      if (each.messageError !== undefined)
        errors.push(fieldError.invalid(`${path}.messageExpression`, shown(rule), each.messageError));
      else if (each.messageProgram !== undefined)
        this.#observe(errors, `${path}.messageExpression`, "messageExpression", each.messageProgram, visit);
      if (each.usesOldSelf) {
        if (visit.uncorrelatable !== undefined)
          errors.push(
            fieldError.invalid(
              `${path}.rule`,
              rule.rule,
              `oldSelf cannot be used on the uncorrelatable portion of the schema within ${visit.uncorrelatable}`,
            ),
          );
      } else if (rule.optionalOldSelf !== undefined && each.error === undefined)
        errors.push(
          fieldError.invalid(
            `${path}.optionalOldSelf`,
            rule.optionalOldSelf,
            "may not be set if oldSelf is not used in rule",
          ),
        );
    }
  }

  /** What all rules together cost. `path` is that of the root schema. */
  total(path: string): FieldError[] {
    if (this.#total <= STATIC_CRD_COST_LIMIT) return [];
    const why = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema";
    const most = this.#costs.sort((a, b) => b.cost - a.cost).slice(0, MOST_EXPENSIVE);
    const name = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema";
    return [
      ...most.map((each) => fieldError.forbidden(each.path, why)),
      fieldError.forbidden(path, costMessage(name, this.#total, STATIC_CRD_COST_LIMIT)),
    ];
  }

  #observe(errors: FieldError[], path: string, what: string, program: Compiled, visit: SchemaVisit): void {
    const each = this.#cel.estimateCost(program);
    // A messageExpression is evaluated once at most, since the first failure of a rule needs it.
    const cost = what === "rule" ? each * this.#cardinality(visit) : each;
    if (this.#limitsRules && cost > STATIC_RULE_COST_LIMIT)
      errors.push(fieldError.forbidden(path, costMessage(`estimated ${what} cost`, cost, STATIC_RULE_COST_LIMIT)));
    this.#total += cost;
    if (cost >= STATIC_CRD_COST_LIMIT / 100) this.#costs.push({ path, cost });
  }

  /** How often a value can be at the place: as its bounds say, or as many as fit into a request. */
  #cardinality({ schema, cardinality }: SchemaVisit): number {
    if (cardinality !== undefined) return cardinality;
    return Math.floor(this.#cel.REQUEST_BYTES / (this.#cel.minSerializedSize(schema, {}) + 1));
  }
}

/** A rule as upstream's messages show it. */
const shown = (rule: ValidationRule): unknown => ({
  Rule: rule.rule,
  Message: rule.message ?? "",
  MessageExpression: rule.messageExpression ?? "",
  Reason: rule.reason ?? null,
  FieldPath: rule.fieldPath ?? "",
  OptionalOldSelf: rule.optionalOldSelf ?? null,
});

function costMessage(name: string, cost: number, limit: number): string {
  const exceeds = cost / limit;
  const factor = exceeds > 100 ? "more than 100x" : exceeds < 1.5 ? `${exceeds.toFixed(6)}x` : `${exceeds.toFixed(1)}x`;
  return `${name} exceeds budget by factor of ${factor} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
}
