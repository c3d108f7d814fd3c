import type { KubeObject } from "#pkg/api/resource-ref.ts";
import type { DeletePlan } from "./delete-options.ts";
import type { UpdateRequest } from "./guaranteed-update.ts";
import type { Obj, RegistryServices, Target } from "./services.ts";
import { WriteAttributes } from "./write-attributes.ts";

/**
 * Admission of one attempt of an update: nothing when the request was admitted before as what it is part of. `admit`
 * tells whether somebody outside changed the object.
 */
export function updateAdmission(
  services: RegistryServices,
  target: Target,
  request: UpdateRequest,
  object: Obj,
  old: KubeObject,
): { admit(): boolean | Promise<boolean>; validate(): Promise<void> | undefined; done(): void } {
  const { body, dryRun } = request;
  if (request.admitted === true) return ADMITTED;
  const seen = body === undefined ? object : body.of(object);
  const was = body === undefined ? old : body.of(old);
  let mended = false;
  const attempt = new WriteAttributes(services, target, {
    operation: "UPDATE",
    object: seen,
    old: was,
    dryRun,
    onDecode: () => (mended = true),
  });
  return {
    admit() {
      const take = (): boolean => {
        body?.into(object, seen);
        return mended;
      };
      const waiting = services.admission.admit(attempt);
      return waiting === undefined ? take() : waiting.then(take);
    },
    validate: () => services.admission.validate(attempt),
    done: () => attempt.done(),
  };
}

const ADMITTED = { admit: () => false, validate: () => undefined, done: () => {} };

/** A deletion has no object of its own: plugins see what goes. */
export async function admitDelete(
  services: RegistryServices,
  target: Target,
  plan: DeletePlan,
  old: KubeObject,
): Promise<void> {
  const attempt = new WriteAttributes(services, target, { operation: "DELETE", old, dryRun: plan.dryRun, plan });
  await services.admission.admit(attempt);
  await services.admission.validate(attempt);
}

/** Mutating and validating admission of a body that is not stored itself: bindings, evictions, token requests, reviews. */
export async function admitBody(
  services: RegistryServices,
  target: Target,
  object: Obj,
  dryRun: boolean,
): Promise<void> {
  // Bodies need not say what the path says.
  const named = target.name === "" ? {} : { name: target.name };
  const attempt = new WriteAttributes(services, target, { operation: "CREATE", object, dryRun, ...named });
  await services.admission.admit(attempt);
  await services.admission.validate(attempt);
}
