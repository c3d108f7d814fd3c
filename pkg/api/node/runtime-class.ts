import { ageColumn, column, nameColumn } from "../columns.ts";
import { checkTolerations } from "../core/scheduling-validation.ts";
import { checkImmutable, checkLabels, checkName, type Errors } from "../field-checks.ts";
import { checkDnsLabel } from "../names.ts";
import { strategyOf } from "../strategy-of.ts";
import type { RuntimeClass } from "../types/node-v1.ts";

function validate(runtimeClass: RuntimeClass): Errors {
  const errors: Errors = [];
  checkName(errors, "handler", runtimeClass.handler, checkDnsLabel);
  checkLabels(errors, "scheduling.nodeSelector", runtimeClass.scheduling?.nodeSelector);
  checkTolerations(errors, "scheduling.tolerations", runtimeClass.scheduling?.tolerations);
  return errors;
}

export const runtimeClassStrategy = strategyOf<RuntimeClass>({
  validate,
  validateUpdate: (runtimeClass, old) => {
    const errors = validate(runtimeClass);
    checkImmutable(errors, "handler", runtimeClass.handler, old.handler);
    return errors;
  },
  columns: [nameColumn, column("Handler", "Name of it in the runtime", (c: RuntimeClass) => c.handler), ageColumn],
});
