import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, booleanColumn, column, integerColumn, nameColumn } from "../columns.ts";
import { checkOptionalEnum, type Errors } from "../field-checks.ts";
import { strategyOf } from "../strategy-of.ts";
import type { PriorityClass } from "../types/scheduling-v1.ts";

const HIGHEST_USER_VALUE = 1_000_000_000;
/** Values of the classes that only the system makes. */
const SYSTEM: Readonly<Record<string, number>> = {
  "system-cluster-critical": 2_000_000_000,
  "system-node-critical": 2_000_001_000,
};

function validate(priorityClass: PriorityClass): Errors {
  const errors: Errors = [];
  const { name } = priorityClass.metadata;
  const value = priorityClass.value ?? 0;
  if (name?.startsWith("system-")) {
    if (SYSTEM[name] !== value || priorityClass.globalDefault === true) {
      const why = `priority class names with 'system-' prefix are reserved for system use only. error: ${name} is not a known system priority class`;
      errors.push(fieldError.forbidden("metadata.name", why));
    }
  } else if (value > HIGHEST_USER_VALUE) {
    const why = `maximum allowed value of a user defined priority is ${HIGHEST_USER_VALUE}`;
    errors.push(fieldError.forbidden("value", why));
  }
  checkOptionalEnum(errors, "preemptionPolicy", priorityClass.preemptionPolicy, ["Never", "PreemptLowerPriority"]);
  return errors;
}

export const priorityClassStrategy = strategyOf<PriorityClass>({
  generation: true,
  allowCreateOnUpdate: false,
  defaults: (priorityClass) => {
    priorityClass.preemptionPolicy ??= "PreemptLowerPriority";
  },
  validate,
  validateUpdate: (priorityClass, old) => {
    const errors: Errors = [];
    for (const field of ["value", "preemptionPolicy"] as const) {
      if ((priorityClass[field] ?? 0) !== (old[field] ?? 0)) {
        errors.push(fieldError.forbidden(field, "may not be changed in an update."));
      }
    }
    return errors;
  },
  columns: [
    nameColumn,
    integerColumn("Value", "Priority of its pods", (c: PriorityClass) => c.value ?? 0),
    booleanColumn("Global-Default", "Whether pods get it unasked", (c: PriorityClass) => c.globalDefault ?? false),
    ageColumn,
    column("PreemptionPolicy", "Whether its pods displace others", (c: PriorityClass) => c.preemptionPolicy),
  ],
});
