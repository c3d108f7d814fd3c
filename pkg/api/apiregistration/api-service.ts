import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { addInvalid, type Errors } from "../field-checks.ts";
import { checkDns1035Label, checkDnsSubdomain, checkPortNumber } from "../names.ts";
import { strategyOf } from "../strategy-of.ts";
import type { APIService, APIServiceCondition } from "../types/apiregistration-v1.ts";

const MAX_GROUP_PRIORITY = 20_000;
const MAX_VERSION_PRIORITY = 1000;
const HTTPS_PORT = 443;
const STATUSES = ["True", "False", "Unknown"];

function validate(service: APIService): Errors {
  const errors: Errors = [];
  const { spec } = service;
  const { group = "", version = "" } = spec;
  const wanted = `${version}.${group}`;
  if (service.metadata.name !== wanted) {
    const why = `must be \`spec.version+"."+spec.group\`: "${wanted}"`;
    errors.push(fieldError.invalid("metadata.name", service.metadata.name, why));
  }
  if (group !== "") addInvalid(errors, "spec.group", group, checkDnsSubdomain(group));
  else if (version !== "v1") {
    errors.push(fieldError.required("spec.group", "only v1 may have an empty group and it better be legacy kube"));
  }
  addInvalid(errors, "spec.version", version, checkDns1035Label(version));
  checkPriority(errors, "spec.groupPriorityMinimum", spec.groupPriorityMinimum, MAX_GROUP_PRIORITY);
  checkPriority(errors, "spec.versionPriority", spec.versionPriority, MAX_VERSION_PRIORITY);
  if (spec.service === undefined) checkLocal(errors, spec);
  else checkRemote(errors, spec, spec.service);
  return errors;
}

function checkPriority(errors: Errors, path: string, value: number | undefined, max: number): void {
  if ((value ?? 0) <= 0 || (value ?? 0) > max)
    errors.push(fieldError.invalid(path, value ?? 0, `must be positive and less than ${max}`));
}

function checkLocal(errors: Errors, { caBundle = "", insecureSkipTLSVerify }: APIService["spec"]): void {
  if (caBundle !== "") {
    const shown = `${Buffer.byteLength(caBundle, "base64")} bytes`;
    errors.push(fieldError.invalid("spec.caBundle", shown, "local APIServices may not have a caBundle"));
  }
  if (insecureSkipTLSVerify === true) {
    const why = "local APIServices may not have insecureSkipTLSVerify";
    errors.push(fieldError.invalid("spec.insecureSkipTLSVerify", true, why));
  }
}

function checkRemote(
  errors: Errors,
  { caBundle = "", insecureSkipTLSVerify }: APIService["spec"],
  { namespace, name, port = HTTPS_PORT }: NonNullable<APIService["spec"]["service"]>,
): void {
  if (!namespace) errors.push(fieldError.required("spec.service.namespace"));
  if (!name) errors.push(fieldError.required("spec.service.name"));
  const notPort = checkPortNumber(port);
  if (notPort.length > 0)
    errors.push(fieldError.invalid("spec.service.port", port, `port is not valid: ${notPort.join(", ")}`));
  if (insecureSkipTLSVerify === true && caBundle !== "") {
    const why = "may not be true if caBundle is present";
    errors.push(fieldError.invalid("spec.insecureSkipTLSVerify", true, why));
  }
}

function validateStatus(service: APIService): Errors {
  const errors: Errors = [];
  for (const [i, { type, status }] of (service.status?.conditions ?? []).entries())
    if (type === "Available" && !STATUSES.includes(status))
      errors.push(fieldError.notSupported(`status.conditions[${i}].status`, status, STATUSES));
  return errors;
}

const availableOf = (service: APIService): APIServiceCondition | undefined =>
  service.status?.conditions?.find((each) => each.type === "Available");

function availableCell(service: APIService): string {
  const condition = availableOf(service);
  if (condition === undefined) return "Unknown";
  const { status, reason = "" } = condition;
  return status === "True" || reason === "" ? status : `${status} (${reason})`;
}

export const apiServiceStrategy = strategyOf<APIService>({
  nameRule: "path-segment",
  defaults: (service) => {
    service.spec ??= {} as typeof service.spec;
    if (service.spec.service !== undefined) service.spec.service.port ??= HTTPS_PORT;
  },
  prepareForCreate: (service) => {
    // What this server answers itself can be asked from the first moment.
    const local = { type: "Available", status: "True", reason: "Local" };
    const message = "Local APIServices are always available";
    const at = service.metadata.creationTimestamp;
    service.status =
      service.spec.service === undefined
        ? { conditions: [{ ...local, message, ...(at === undefined ? {} : { lastTransitionTime: at }) }] }
        : {};
  },
  prepareForUpdate: (service, old) => {
    (service as { status?: unknown }).status = structuredClone(old.status ?? {});
  },
  validate,
  validateUpdate: validate,
  validateStatusUpdate: validateStatus,
  columns: [
    nameColumn,
    column("Service", "Who serves it", (s: APIService) =>
      s.spec.service === undefined ? "Local" : `${s.spec.service.namespace}/${s.spec.service.name}`,
    ),
    column("Available", "Whether it answers", availableCell),
    ageColumn,
  ],
});
