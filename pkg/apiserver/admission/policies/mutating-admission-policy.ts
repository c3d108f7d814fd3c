import { isDeepStrictEqual } from "node:util";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import type {
  MutatingAdmissionPolicy as Policy,
  MutatingAdmissionPolicyBinding as Binding,
} from "#pkg/api/types/admissionregistration-v1.ts";
import { ApiError } from "#pkg/errors/index.ts";
import type { AdmissionAttributes, AdmissionPass, AdmissionPlugin } from "../../types.ts";
import { refusal } from "../plugins/attributes.ts";
import { replaceObject } from "../replace-object.ts";
import { AuthorizationAnswers } from "../webhooks/authorization-answers.ts";
import { convert, Versions } from "../webhooks/convert.ts";
import type { Place } from "../webhooks/types.ts";
import { matchOf } from "./matching.ts";
import type { MutatingEvaluator } from "./mutating-evaluator.ts";
import { collectParams, paramDefinition, PolicyConfigurationError } from "./params.ts";
import { PolicySource } from "./policy-source.ts";
import { Reinvocation } from "./reinvocation.ts";
import type { Param, PolicyHook, PolicyParts } from "./types.ts";

/** A policy, by a binding, with a parameter. */
interface Invocation {
  readonly policy: Policy;
  readonly binding: string;
  readonly param: Param;
  readonly place: Place;
}

/** What is known of a request while policies run on it. */
interface Run {
  readonly attributes: AdmissionAttributes;
  readonly versions: Versions;
  readonly answers: AuthorizationAnswers;
  readonly reinvocation: Reinvocation;
  readonly pass: AdmissionPass;
  readonly errors: string[];
}

/** Policies that change what is written by expressions (KEP-3962), in the order of their names. */
export class MutatingAdmissionPolicy implements AdmissionPlugin {
  readonly name = "MutatingAdmissionPolicy";
  readonly #parts: PolicyParts;
  readonly #source: PolicySource<Policy, Binding>;
  #evaluator: MutatingEvaluator | undefined;

  constructor(parts: PolicyParts) {
    this.#parts = parts;
    this.#source = new PolicySource(parts, "mutatingadmissionpolic");
  }

  admit(attributes: AdmissionAttributes, pass: AdmissionPass): Promise<void> | undefined {
    const candidates = this.#source.candidates(attributes);
    if (candidates.length === 0 || attributes.object === undefined || attributes.operation === "CONNECT")
      return undefined;
    return this.#change(attributes, pass, candidates);
  }

  async #change(
    attributes: AdmissionAttributes,
    pass: AdmissionPass,
    candidates: readonly PolicyHook<Policy, Binding>[],
  ): Promise<void> {
    const reinvocation = (pass.notes.get(this) as Reinvocation | undefined) ?? new Reinvocation();
    pass.notes.set(this, reinvocation);
    reinvocation.begin(attributes.object as KubeObject, pass.again);
    const run: Run = {
      attributes,
      pass,
      reinvocation,
      versions: new Versions(attributes),
      answers: new AuthorizationAnswers(this.#parts.authorizer, attributes),
      errors: [],
    };
    // Which policies are about the request is decided by the object as it came.
    const invocations: Invocation[] = [];
    for (const hook of candidates) invocations.push(...(await this.#invocations(hook, run)));
    for (const invocation of invocations) await this.#invoke(invocation, run);
    reinvocation.end(attributes.object as KubeObject);
    if (run.errors.length > 0) throw denial(attributes, run.errors);
  }

  async #invocations({ policy, constraints, bindings }: PolicyHook<Policy, Binding>, run: Run): Promise<Invocation[]> {
    const { attributes } = run;
    const place = matchOf(this.#parts, constraints, attributes);
    if (place === undefined) return [];
    const found: Invocation[] = [];
    for (const { binding, constraints: narrower } of bindings) {
      if (narrower !== undefined && matchOf(this.#parts, narrower, attributes) === undefined) continue;
      const { name } = binding.metadata;
      try {
        const kind = paramDefinition(this.#parts, policy.spec.paramKind);
        const params = await collectParams(this.#parts, kind, binding.spec.paramRef, attributes.info.namespace);
        found.push(...params.map((param) => ({ policy, binding: name, param, place })));
      } catch (err) {
        if (!(err instanceof PolicyConfigurationError)) throw err;
        const what = err.ofPolicy ? "policy" : "binding";
        note(run, policy, err.ofPolicy ? undefined : name, `failed to configure ${what}: ${err.message}`);
        if (err.ofPolicy) break;
      }
    }
    return found;
  }

  async #invoke(invocation: Invocation, run: Run): Promise<void> {
    const { policy, binding, param, place } = invocation;
    const { attributes, versions, answers, reinvocation, pass } = run;
    const { namespace = "", name = "" } = param?.metadata ?? {};
    const id = [policy.metadata.name, binding, namespace, name].join("/");
    const evaluator = await this.#loaded();
    const input = async () => ({ attributes, place, param, answers, versioned: await versions.of(place) });
    let isDue: boolean;
    try {
      isDue = await evaluator.holds(policy, await input());
    } catch (err) {
      note(run, policy, binding, (err as Error).message);
      return;
    }
    if (!isDue || (pass.again && !reinvocation.isDue(id))) return;
    let changed = false;
    for (const index of (policy.spec.mutations ?? []).keys()) {
      try {
        const definition = place.definition ?? attributes.definition;
        const made = await evaluator.mutate(policy, index, await input(), definition);
        if (await replaced(attributes, place, made)) {
          versions.forget();
          changed = true;
        }
      } catch (err) {
        note(run, policy, binding, (err as Error).message);
      }
    }
    if (changed) {
      reinvocation.changed();
      pass.runAgain();
    }
    if (policy.spec.reinvocationPolicy === "IfNeeded") reinvocation.called(id);
  }

  /** CEL is loaded for the first request that a policy is about. */
  async #loaded(): Promise<MutatingEvaluator> {
    if (this.#evaluator === undefined) {
      const { MutatingEvaluator } = await import("./mutating-evaluator.ts");
      this.#evaluator ??= new MutatingEvaluator(this.#parts);
    }
    return this.#evaluator;
  }
}

/** Puts what a mutation made in place, in the request's version. True when it is another object. */
async function replaced(attributes: AdmissionAttributes, place: Place, made: unknown): Promise<boolean> {
  const back =
    place.definition === undefined ? made : await convert(made as KubeObject, place.definition, attributes.definition);
  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
  const decoded: unknown = attributes.decode(plain(back));
  if (isDeepStrictEqual(plain(decoded), plain(attributes.object))) return false;
  replaceObject(attributes, decoded as Record<string, unknown>);
  return true;
}

/** An error counts where the policy wants that it does. */
function note(run: Run, policy: Policy, binding: string | undefined, why: string): void {
  if (policy.spec.failurePolicy === "Ignore") return;
  const by = binding === undefined ? "" : ` with binding '${binding}'`;
  run.errors.push(`policy '${policy.metadata.name}'${by} denied request: ${why}`);
}

/** Upstream's answer: forbidden by code, invalid by reason, with a cause for each error. */
function denial(attributes: AdmissionAttributes, errors: readonly string[]): ApiError {
  const { details } = refusal(attributes, "");
  const causes = errors.map((message) => ({ message }));
  return new ApiError(403, "Invalid", errors[0] as string, { ...details, causes });
}
