import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { DEPRECATED_NODE_LABELS } from "../core/pod-warnings.ts";
import { checkResources } from "../core/resources-validation.ts";
import { checkTolerations } from "../core/scheduling-validation.ts";
import { semanticEqual } from "../equal.ts";
import { addInvalid, checkImmutable, checkLabels, type Errors } from "../field-checks.ts";
import { checkDnsLabel } from "../names.ts";
import { strategyOf } from "../strategy-of.ts";
import type { RuntimeClass } from "../types/node-v1.ts";

function validate(runtimeClass: RuntimeClass): Errors {
  const errors: Errors = [];
  const { handler = "" } = runtimeClass as Partial<RuntimeClass>;
  addInvalid(errors, "handler", handler, checkDnsLabel(handler));
  const fixed = runtimeClass.overhead?.podFixed;
  if (fixed !== undefined) checkResources(errors, "overhead.podFixed", { limits: fixed });
  checkLabels(errors, "scheduling.nodeSelector", runtimeClass.scheduling?.nodeSelector);
  checkTolerations(errors, "scheduling.tolerations", runtimeClass.scheduling?.tolerations);
  const tolerations = runtimeClass.scheduling?.tolerations ?? [];
  for (const [i, toleration] of tolerations.entries()) {
    if (tolerations.findIndex((each) => semanticEqual(each, toleration)) < i) {
      errors.push(fieldError.duplicate(`scheduling.tolerations[${i}]`, toleration));
    }
  }
  return errors;
}

export const runtimeClassStrategy = strategyOf<RuntimeClass>({
  validate,
  warnings: ({ scheduling }) =>
    Object.keys(scheduling?.nodeSelector ?? {}).flatMap((key) => {
      const why = DEPRECATED_NODE_LABELS.get(key);
      return why === undefined ? [] : [`scheduling.nodeSelector[${key}]: ${why}`];
    }),
  validateUpdate: (runtimeClass, old) => {
    const errors = validate(runtimeClass);
    checkImmutable(errors, "handler", runtimeClass.handler, old.handler);
    return errors;
  },
  columns: [nameColumn, column("Handler", "Name of it in the runtime", (c: RuntimeClass) => c.handler), ageColumn],
});
