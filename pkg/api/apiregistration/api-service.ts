import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import type { Errors } from "../field-checks.ts";
import { separateStatus } from "../status-hooks.ts";
import { strategyOf } from "../strategy-of.ts";
import type { APIService } from "../types/apiregistration-v1.ts";

const MAX_GROUP_PRIORITY = 20_000;
const MAX_VERSION_PRIORITY = 1000;

function validate(service: APIService): Errors {
  const errors: Errors = [];
  const { spec } = service;
  const wanted = `${spec.version ?? ""}.${spec.group ?? ""}`;
  if (service.metadata.name !== wanted) {
    errors.push(
      fieldError.invalid(
        "metadata.name",
        service.metadata.name,
        `must be \`spec.version+"."+spec.group\`: "${wanted}"`,
      ),
    );
  }
  if (!spec.version) errors.push(fieldError.required("spec.version"));
  const inRange = (path: string, value: number | undefined, max: number): void => {
    if ((value ?? 0) <= 0 || (value ?? 0) > max) {
      errors.push(fieldError.invalid(path, value ?? 0, `must be positive and less than ${max}`));
    }
  };
  inRange("spec.groupPriorityMinimum", spec.groupPriorityMinimum, MAX_GROUP_PRIORITY);
  inRange("spec.versionPriority", spec.versionPriority, MAX_VERSION_PRIORITY);
  if (spec.service === undefined) {
    if (spec.caBundle)
      errors.push(fieldError.invalid("spec.caBundle", "", "local APIServices may not have a caBundle"));
    if (spec.insecureSkipTLSVerify === true) {
      errors.push(
        fieldError.invalid("spec.insecureSkipTLSVerify", true, "local APIServices may not have insecureSkipTLSVerify"),
      );
    }
  } else {
    if (!spec.service.namespace) errors.push(fieldError.required("spec.service.namespace"));
    if (!spec.service.name) errors.push(fieldError.required("spec.service.name"));
    if (spec.insecureSkipTLSVerify === true && spec.caBundle) {
      const why = "may not be true if caBundle is present";
      errors.push(fieldError.invalid("spec.insecureSkipTLSVerify", true, why));
    }
  }
  return errors;
}

function available(service: APIService): string {
  const condition = service.status?.conditions?.find((c) => c.type === "Available");
  if (condition === undefined) return "Unknown";
  return condition.status === "True" ? "True" : `${condition.status} (${condition.reason ?? ""})`;
}

export const apiServiceStrategy = strategyOf<APIService>({
  ...separateStatus<APIService>(() => ({})),
  nameRule: "path-segment",
  defaults: (service) => {
    service.spec ??= {} as typeof service.spec;
    if (service.spec.service !== undefined) service.spec.service.port ??= 443;
  },
  validate,
  validateUpdate: validate,
  columns: [
    nameColumn,
    column("Service", "Who serves it", (s: APIService) =>
      s.spec.service === undefined ? "Local" : `${s.spec.service.namespace}/${s.spec.service.name}`,
    ),
    column("Available", "Whether it answers", available),
    ageColumn,
  ],
});
