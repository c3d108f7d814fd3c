import { APPLY_CONFIGURATION, PATCHES } from "#pkg/api/admissionregistration/expressions.ts";
import type { ResourceDefinition } from "#pkg/api/definition.ts";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import type { MutatingAdmissionPolicy, Mutation } from "#pkg/api/types/admissionregistration-v1.ts";
import { FieldTypes } from "../../fieldmanager/field-types.ts";
import { type CompiledPolicy, compilePolicy, type Program } from "./compiled-policy.ts";
import { Evaluation, explain, type PolicyInput } from "./evaluation.ts";
import { applyConfiguration, applyPatches } from "./mutations.ts";
import type { PolicyParts } from "./types.ts";

interface CompiledMutation {
  readonly mutation: Mutation;
  readonly expression: string;
  readonly program: Program;
}
interface Compiled extends CompiledPolicy {
  readonly mutations: readonly CompiledMutation[];
}

/** Evaluates mutating policies. Each is compiled when it first meets a request. */
export class MutatingEvaluator {
  readonly #parts: PolicyParts;
  readonly #types = new FieldTypes();
  readonly #compiled = new WeakMap<MutatingAdmissionPolicy, Compiled>();

  constructor(parts: PolicyParts) {
    this.#parts = parts;
  }

  /** Whether the policy's conditions hold. @throws Error when that cannot be told */
  async holds(policy: MutatingAdmissionPolicy, input: PolicyInput): Promise<boolean> {
    const compiled = await this.#compile(policy);
    const found = await input.answers.settle(() => new Evaluation(this.#parts, compiled, input).conditions());
    if (typeof found === "string") throw new Error(found);
    return found === undefined;
  }

  /** What the mutation makes of the object, undecoded. @throws Error, ApiError */
  async mutate(
    policy: MutatingAdmissionPolicy,
    index: number,
    input: PolicyInput,
    definition: ResourceDefinition,
  ): Promise<unknown> {
    const compiled = await this.#compile(policy);
    const { mutation, expression, program } = compiled.mutations[index] as CompiledMutation;
    const result = await input.answers.settle(() => new Evaluation(this.#parts, compiled, input).run(program));
    if (result.error !== undefined) throw new Error(explain("expression", expression, result));
    const live = input.versioned.object as KubeObject;
    return mutation.patchType === "JSONPatch"
      ? applyPatches(live, result.value)
      : applyConfiguration(this.#types, definition, live, result.value);
  }

  async #compile(policy: MutatingAdmissionPolicy): Promise<Compiled> {
    const known = this.#compiled.get(policy);
    if (known !== undefined) return known;
    const compiler = compilePolicy(policy, true);
    const mutations = (policy.spec.mutations ?? []).map((mutation) => {
      const isPatch = mutation.patchType === "JSONPatch";
      const expression = (isPatch ? mutation.jsonPatch : mutation.applyConfiguration)?.expression ?? "";
      return { mutation, expression, program: compiler.compile(expression, isPatch ? PATCHES : APPLY_CONFIGURATION) };
    });
    const compiled = { ...compiler.policy, mutations };
    this.#compiled.set(policy, compiled);
    return compiled;
  }
}
