import { ageColumn, column, nameColumn } from "../columns.ts";
import { checkNotNegative, checkPositive, type Errors } from "../field-checks.ts";
import { strategyOf } from "../strategy-of.ts";
import type { Lease } from "../types/coordination-v1.ts";

function validate(lease: Lease): Errors {
  const errors: Errors = [];
  checkPositive(errors, "spec.leaseDurationSeconds", lease.spec?.leaseDurationSeconds);
  checkNotNegative(errors, "spec.leaseTransitions", lease.spec?.leaseTransitions);
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
