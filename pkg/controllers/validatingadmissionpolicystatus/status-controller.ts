import {
  validatingadmissionpolicies,
  type ValidatingAdmissionPolicy,
} from "#pkg/api/types/admissionregistration-v1.ts";
import type { Informer } from "#pkg/client/index.ts";
import { isNotFound } from "#pkg/errors/index.ts";
import { type ControllerParts, QueueController } from "../controller.ts";

/** Checks a policy's expressions once for each generation. */
export class ValidatingAdmissionPolicyStatusController extends QueueController {
  readonly #parts: ControllerParts;
  readonly #policies: Informer<ValidatingAdmissionPolicy>;

  constructor(parts: ControllerParts) {
    const policies = parts.informers.informer(validatingadmissionpolicies);
    super({
      name: "validatingadmissionpolicy-status",
      informers: [policies],
      log: parts.log,
      sync: (key) => this.#sync(key),
      workers: 2,
    });
    this.#parts = parts;
    this.#policies = policies;
    const changed = ({ metadata }: ValidatingAdmissionPolicy): void => this.queue.add(metadata.name);
    policies.addHandler({ add: changed, update: (_old, policy) => changed(policy), delete: () => {} });
  }

  async #sync(name: string): Promise<void> {
    const policy = this.#policies.lister.get({ name });
    const generation = policy?.metadata.generation ?? 0;
    if (policy === undefined || generation <= (policy.status?.observedGeneration ?? 0)) return;
    // Schemas and CEL are loaded for the first policy.
    const { checkTypes } = await import("./check-types.ts");
    const expressionWarnings = await checkTypes(this.#parts.client, policy);
    const typeChecking = expressionWarnings.length === 0 ? {} : { expressionWarnings };
    const status = { ...policy.status, observedGeneration: generation, typeChecking };
    try {
      await this.#parts.client.updateStatus(validatingadmissionpolicies, { ...policy, status });
    } catch (err) {
      if (!isNotFound(err)) throw err;
    }
  }
}
