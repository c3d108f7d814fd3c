import { type CostBudget, evaluate, type EvaluateResult, LazyObject, OBJECT_COST_BUDGET } from "#pkg/cel/index.ts";
import type { AdmissionAttributes } from "../../types.ts";
import type { AuthorizationAnswers } from "../webhooks/authorization-answers.ts";
import { reviewRequest } from "../webhooks/review.ts";
import type { Place, Versioned } from "../webhooks/types.ts";
import type { CompiledPolicy, Program } from "./compiled-policy.ts";
import type { Param, PolicyParts } from "./types.ts";

/** Upstream's RuntimeCELCostBudgetMatchConditions. */
const CONDITIONS_BUDGET = 2_500_000;

export interface PolicyInput {
  readonly attributes: AdmissionAttributes;
  readonly place: Place;
  readonly versioned: Versioned;
  readonly param: Param;
  readonly answers: AuthorizationAnswers;
}

/** What the expressions of one policy on one request speak of. One evaluation: budgets are spent only once. */
export class Evaluation {
  readonly budget: CostBudget = { remaining: OBJECT_COST_BUDGET };
  readonly #policy: CompiledPolicy;
  readonly #bindings: Readonly<Record<string, unknown>>;

  constructor(parts: Pick<PolicyParts, "reader">, policy: CompiledPolicy, input: PolicyInput) {
    const { attributes, versioned, param, answers, place } = input;
    const { namespace, group, resource } = attributes.info;
    const isNamespace = group === "" && resource === "namespaces";
    this.#policy = policy;
    this.#bindings = {
      object: versioned.object ?? null,
      oldObject: versioned.old ?? null,
      request: reviewRequest(place, attributes),
      params: param,
      namespaceObject: namespace === "" || isNamespace ? null : (parts.reader.get("namespaces", "", namespace) ?? null),
      authorizer: answers.binding,
      "authorizer.requestResource": answers.binding,
      variables: new LazyObject((name) => this.#variable(name)),
    };
  }

  run(program: Program, budget: CostBudget = this.budget): EvaluateResult {
    if (program.error !== undefined) return { error: `compilation error: ${program.error}`, reason: "error", cost: 0 };
    return evaluate(program, this.#bindings, { budget });
  }

  /** Undefined where all conditions hold, false where one does not, and else what went wrong with them. */
  conditions(): string | false | undefined {
    const budget = { remaining: CONDITIONS_BUDGET };
    const errors: string[] = [];
    for (const { expression, program } of this.#policy.conditions) {
      const result = this.run(program, budget);
      if (result.error !== undefined) errors.push(explain("expression", expression, result));
      else if (result.value !== true) return false;
    }
    if (errors.length === 0) return undefined;
    return errors.length === 1 ? errors[0] : `[${errors.join(", ")}]`;
  }

  #variable(name: string): EvaluateResult | undefined {
    const program = this.#policy.variables.get(name);
    if (program === undefined) return undefined;
    const result = this.run(program);
    if (result.error === undefined) return result;
    return { ...result, error: `composited variable ${JSON.stringify(name)} fails to evaluate: ${result.error}` };
  }
}

/** An error of an expression, in upstream's words. */
export function explain(what: string, expression: string, result: { error: string; reason: string }): string {
  return result.reason === "budget" ? result.error : `${what} '${expression}' resulted in error: ${result.error}`;
}
