import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { checkNotNegative, type Errors } from "../field-checks.ts";
import { strategyOf } from "../strategy-of.ts";
import type { Lease } from "../types/coordination-v1.ts";

function validate(lease: Lease): Errors {
  const errors: Errors = [];
  const duration = lease.spec?.leaseDurationSeconds;
  if (duration !== undefined && duration <= 0) {
    errors.push(fieldError.invalid("spec.leaseDurationSeconds", duration, "must be greater than 0"));
  }
  checkNotNegative(errors, "spec.leaseTransitions", lease.spec?.leaseTransitions);
  if (lease.spec?.preferredHolder && !lease.spec.strategy) {
    const why = "may only be specified if `strategy` is defined";
    errors.push(fieldError.forbidden("spec.preferredHolder", why));
  }
  return errors;
}

export const leaseStrategy = strategyOf<Lease>({
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  defaults: (lease) => {
    lease.spec ??= {};
  },
  validate,
  validateUpdate: validate,
  columns: [nameColumn, column("Holder", "Who holds it", (l: Lease) => l.spec?.holderIdentity ?? ""), ageColumn],
});
