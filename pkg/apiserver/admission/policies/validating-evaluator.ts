import type { ValidatingAdmissionPolicy } from "#pkg/api/types/admissionregistration-v1.ts";
import type { StatusReason } from "#pkg/errors/index.ts";
import {
  type CompiledAnnotation,
  type CompiledPolicy,
  type CompiledValidation,
  compileAnnotation,
  compilePolicy,
  compileValidation,
} from "./compiled-policy.ts";
import { Evaluation, explain, type PolicyInput } from "./evaluation.ts";
import type { PolicyParts } from "./types.ts";

/** Upstream's bound of a message that an expression makes. */
const MAX_MESSAGE_BYTES = 5 * 1024;

/** A validation that does not pass. */
export interface Denial {
  readonly message: string;
  readonly reason: StatusReason | undefined;
  /** It denies whatever the binding's actions are. */
  readonly always: boolean;
}

interface Compiled extends CompiledPolicy {
  readonly validations: readonly CompiledValidation[];
  readonly annotations: readonly CompiledAnnotation[];
}

/** Evaluates validating policies. Each is compiled when it first meets a request. */
export class ValidatingEvaluator {
  readonly #parts: PolicyParts;
  readonly #compiled = new WeakMap<ValidatingAdmissionPolicy, Compiled>();

  constructor(parts: PolicyParts) {
    this.#parts = parts;
  }

  async denials(policy: ValidatingAdmissionPolicy, input: PolicyInput): Promise<readonly Denial[]> {
    let compiled = this.#compiled.get(policy);
    if (compiled === undefined) {
      compiled = compile(policy);
      this.#compiled.set(policy, compiled);
    }
    const ready = compiled;
    return await input.answers.settle(() => this.#evaluate(policy, ready, input));
  }

  #evaluate(policy: ValidatingAdmissionPolicy, compiled: Compiled, input: PolicyInput): readonly Denial[] {
    const fails = policy.spec.failurePolicy !== "Ignore";
    const evaluation = new Evaluation(this.#parts, compiled, input);
    const conditions = evaluation.conditions();
    if (conditions === false) return [];
    const denials: Denial[] = [];
    const failed = (message: string, always: boolean): void => {
      if (fails) denials.push({ message, reason: undefined, always });
    };
    if (conditions !== undefined) {
      failed(conditions, false);
      return denials;
    }
    for (const each of compiled.validations) {
      const result = evaluation.run(each.program);
      if (result.error !== undefined) {
        failed(explain("expression", each.validation.expression, result), false);
        if (result.reason === "budget") return denials;
      } else if (result.value !== true) {
        const reason = each.validation.reason as StatusReason | undefined;
        denials.push({ message: messageOf(evaluation, each), reason, always: false });
      }
    }
    // The server keeps no audit log: annotations are evaluated for their errors only.
    for (const { annotation, program } of compiled.annotations) {
      const result = evaluation.run(program);
      if (result.error !== undefined) failed(explain("valueExpression", annotation.valueExpression, result), true);
    }
    return denials;
  }
}

function compile(policy: ValidatingAdmissionPolicy): Compiled {
  const compiler = compilePolicy(policy, false);
  const params = policy.spec.paramKind !== undefined;
  return {
    ...compiler.policy,
    validations: (policy.spec.validations ?? []).map((each) => compileValidation(compiler, params, each)),
    annotations: (policy.spec.auditAnnotations ?? []).map((each) => compileAnnotation(compiler, each)),
  };
}

/** What the message's expression says, where that is one line of some length; else the message, else the expression. */
function messageOf(evaluation: Evaluation, { validation, message }: CompiledValidation): string {
  const result = message === undefined ? undefined : evaluation.run(message);
  if (result !== undefined && result.error === undefined && typeof result.value === "string") {
    const text = result.value.trim();
    if (text !== "" && !/[\n\r]/.test(text) && Buffer.byteLength(text) <= MAX_MESSAGE_BYTES) return text;
  }
  const fixed = validation.message?.trim() ?? "";
  return fixed === "" ? `failed expression: ${validation.expression.trim()}` : fixed;
}
