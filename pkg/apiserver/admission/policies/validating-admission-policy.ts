import type {
  ValidatingAdmissionPolicy as Policy,
  ValidatingAdmissionPolicyBinding as Binding,
} from "#pkg/api/types/admissionregistration-v1.ts";
import { ApiError, type StatusReason } from "#pkg/errors/index.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "../../types.ts";
import { refusal } from "../plugins/attributes.ts";
import { AuthorizationAnswers } from "../webhooks/authorization-answers.ts";
import { Versions } from "../webhooks/convert.ts";
import { matchOf } from "./matching.ts";
import { collectParams, paramDefinition, PolicyConfigurationError } from "./params.ts";
import { PolicySource } from "./policy-source.ts";
import type { PolicyHook, PolicyParts } from "./types.ts";
import type { Denial, ValidatingEvaluator } from "./validating-evaluator.ts";

const CODES: Partial<Record<StatusReason, number>> = { Forbidden: 403, Unauthorized: 401, RequestEntityTooLarge: 413 };

interface Denied {
  readonly denial: Denial;
  readonly policy: string;
  readonly binding: string | undefined;
}

/** Policies that judge what is written by expressions (KEP-3488). Of several denials the first is heard. */
export class ValidatingAdmissionPolicy implements AdmissionPlugin {
  readonly name = "ValidatingAdmissionPolicy";
  readonly #parts: PolicyParts;
  readonly #source: PolicySource<Policy, Binding>;
  #evaluator: ValidatingEvaluator | undefined;

  constructor(parts: PolicyParts) {
    this.#parts = parts;
    this.#source = new PolicySource(parts, "validatingadmissionpolic");
  }

  validate(attributes: AdmissionAttributes): Promise<void> | undefined {
    const candidates = this.#source.candidates(attributes);
    return candidates.length === 0 ? undefined : this.#judge(attributes, candidates);
  }

  async #judge(attributes: AdmissionAttributes, candidates: readonly PolicyHook<Policy, Binding>[]): Promise<void> {
    const versions = new Versions(attributes);
    const answers = new AuthorizationAnswers(this.#parts.authorizer, attributes);
    const denied: Denied[] = [];
    for (const hook of candidates) await this.#dispatch(hook, attributes, versions, answers, denied);
    const [first] = denied;
    if (first !== undefined) throw answerTo(attributes, first);
  }

  async #dispatch(
    hook: PolicyHook<Policy, Binding>,
    attributes: AdmissionAttributes,
    versions: Versions,
    answers: AuthorizationAnswers,
    denied: Denied[],
  ): Promise<void> {
    const { policy } = hook;
    const place = matchOf(this.#parts, hook.constraints, attributes);
    if (place === undefined) return;
    for (const { binding, constraints } of hook.bindings) {
      if (constraints !== undefined && matchOf(this.#parts, constraints, attributes) === undefined) continue;
      const names = { policy: policy.metadata.name, binding: binding.metadata.name };
      try {
        const kind = paramDefinition(this.#parts, policy.spec.paramKind);
        const params = await collectParams(this.#parts, kind, binding.spec.paramRef, attributes.info.namespace);
        const versioned = await versions.of(place);
        const evaluator = await this.#loaded();
        for (const param of params) {
          const denials = await evaluator.denials(policy, { attributes, place, versioned, param, answers });
          for (const denial of denials) act(attributes, binding, { denial, ...names }, denied);
        }
      } catch (err) {
        if (!(err instanceof PolicyConfigurationError)) throw err;
        if (policy.spec.failurePolicy === "Ignore") continue;
        const what = err.ofPolicy ? "policy" : "binding";
        const denial = { message: `failed to configure ${what}: ${err.message}`, reason: undefined, always: true };
        denied.push({ ...names, binding: err.ofPolicy ? undefined : names.binding, denial });
        // Whatever binds it, the policy is wrong.
        if (err.ofPolicy) return;
      }
    }
  }

  /** CEL is loaded for the first request that a policy is about. */
  async #loaded(): Promise<ValidatingEvaluator> {
    if (this.#evaluator === undefined) {
      const { ValidatingEvaluator } = await import("./validating-evaluator.ts");
      this.#evaluator ??= new ValidatingEvaluator(this.#parts);
    }
    return this.#evaluator;
  }
}

/** What the binding says is to be done. Audit is for an audit log, which the server does not keep. */
function act(attributes: AdmissionAttributes, binding: Binding, found: Denied, denied: Denied[]): void {
  const { denial, policy } = found;
  const actions = binding.spec.validationActions ?? [];
  if (denial.always || actions.includes("Deny")) denied.push(found);
  if (!denial.always && actions.includes("Warn"))
    attributes.warn(
      `Validation failed for ValidatingAdmissionPolicy '${policy}' with binding '${binding.metadata.name}': ${denial.message}`,
    );
}

function answerTo(attributes: AdmissionAttributes, { denial, policy, binding }: Denied): ApiError {
  const by = binding === undefined ? "" : ` with binding '${binding}'`;
  const message = `ValidatingAdmissionPolicy '${policy}'${by} denied request: ${denial.message}`;
  const forbidden = refusal(attributes, message);
  const reason = denial.reason ?? "Invalid";
  return new ApiError(CODES[reason] ?? 422, reason, forbidden.message, {
    ...forbidden.details,
    causes: [{ message }],
  });
}
