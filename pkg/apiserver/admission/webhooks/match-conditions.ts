import type { evaluate as Evaluate } from "#pkg/cel/index.ts";
import type { Compiled, CompileError, CostBudget } from "#pkg/cel/types.ts";
import { forbidden } from "#pkg/errors/index.ts";
import type { AdmissionAttributes, Authorizer } from "../../types.ts";
import { AuthorizationAnswers } from "./authorization-answers.ts";
import { reviewRequest } from "./review.ts";
import type { Invocation, Versioned, Webhook } from "./types.ts";

/** Upstream's RuntimeCELCostBudgetMatchConditions, for all conditions of one webhook on one request. */
const COST_BUDGET = 2_500_000;

interface Condition {
  readonly expression: string;
  readonly compiled: Compiled | CompileError;
}

interface CompiledConditions {
  readonly conditions: readonly Condition[];
  /** Of pkg/cel, which is not looked up again for every request. */
  readonly evaluate: typeof Evaluate;
}

/** Decides by a webhook's CEL expressions whether it is called (KEP-3716). */
export class MatchConditions {
  readonly #authorizer: Authorizer;
  /** Compiled at the first request that meets the webhook; gone with its registration. */
  readonly #compiled = new WeakMap<Webhook, Promise<CompiledConditions>>();

  constructor(parts: { readonly authorizer: Authorizer }) {
    this.#authorizer = parts.authorizer;
  }

  /** True when all hold. One that does not settles it; errors are for the failurePolicy to judge. @throws 403 */
  async hold(invocation: Invocation, attributes: AdmissionAttributes, versioned: Versioned): Promise<boolean> {
    const { webhook } = invocation;
    if (webhook.matchConditions.length === 0) return true;
    let compiling = this.#compiled.get(webhook);
    if (compiling === undefined) this.#compiled.set(webhook, (compiling = compile(webhook)));
    const { conditions, evaluate } = await compiling;
    const answers = new AuthorizationAnswers(this.#authorizer, attributes);
    const bindings = {
      object: versioned.object ?? null,
      oldObject: versioned.old ?? null,
      request: reviewRequest(invocation, attributes),
      namespaceObject: null,
      authorizer: answers.binding,
      "authorizer.requestResource": answers.binding,
    };
    const budget: CostBudget = { remaining: COST_BUDGET };
    const errors: string[] = [];
    for (const { expression, compiled } of conditions) {
      if (compiled.error !== undefined) {
        errors.push(`compilation error: ${compiled.error}`);
        continue;
      }
      const result = await answers.settle(() => evaluate(compiled, bindings, { budget }));
      if (result.error !== undefined) errors.push(`expression '${expression}' resulted in error: ${result.error}`);
      else if (result.value !== true) return false;
    }
    if (errors.length === 0) return true;
    if (webhook.failurePolicy === "Ignore") return false;
    const { info } = attributes;
    const why = errors.length === 1 ? (errors[0] as string) : `[${errors.join(", ")}]`;
    throw forbidden({ group: info.group, plural: info.resource }, info.name, why);
  }
}

/** CEL is loaded for the first webhook that has conditions. */
async function compile({ matchConditions }: Webhook): Promise<CompiledConditions> {
  const { evaluate } = await import("#pkg/cel/index.ts");
  const { BOOL, ExpressionCompiler } = await import("#pkg/api/admissionregistration/expressions.ts");
  const compiler = new ExpressionCompiler({ params: false, authorizer: true });
  const conditions = matchConditions.map(({ expression }) => ({
    expression,
    compiled: compiler.compile(expression, BOOL),
  }));
  return { conditions, evaluate };
}
