// What a claim asks of devices; also what a template and a class say of it.
import { fieldError } from "#pkg/errors/index.ts";
import { addInvalid, checkEnum, checkName, type Errors } from "../field-checks.ts";
import { checkDnsLabel, checkDnsSubdomain, checkQualifiedName } from "../names.ts";
import type {
  DeviceConstraint,
  DeviceSelector,
  DeviceSubRequest,
  DeviceToleration,
  ExactDeviceRequest,
  OpaqueDeviceConfiguration,
  ResourceClaimSpec,
} from "../types/resource-v1.ts";

const MAX_REQUESTS = 32;
const MAX_ALTERNATIVES = 8;
const MAX_SELECTORS = 32;
const MAX_CONSTRAINTS = 32;
const MAX_CONFIGS = 32;
const MAX_TOLERATIONS = 16;
const MAX_DRIVER = 63;
const MAX_EXPRESSION_BYTES = 10 * 1024;
const NOT_A_REQUEST =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";

export function checkAtMost(errors: Errors, path: string, list: readonly unknown[] | undefined, max: number): void {
  const count = list?.length ?? 0;
  if (count > max) errors.push(fieldError.tooMany(path, count, max));
}

/** Says what is wrong with the expression of a selector. */
export type CheckExpression = (errors: Errors, path: string, expression: string) => void;

export function checkClaim(
  errors: Errors,
  path: string,
  spec: ResourceClaimSpec | undefined,
  check: CheckExpression,
): void {
  const devices = spec?.devices ?? {};
  const at = `${path}.devices`;
  checkAtMost(errors, `${at}.requests`, devices.requests, MAX_REQUESTS);
  const names = new Set<string>();
  for (const [i, request] of (devices.requests ?? []).entries()) {
    const path = `${at}.requests[${i}]`;
    checkName(errors, `${path}.name`, request.name, checkDnsLabel);
    if (names.has(request.name)) errors.push(fieldError.duplicate(path, request.name));
    names.add(request.name);
    const { exactly, firstAvailable = [] } = request;
    const ONE = "exactly one of `exactly` or `firstAvailable` is required";
    if (exactly === undefined && firstAvailable.length === 0) errors.push(fieldError.required(path, ONE));
    else if (exactly !== undefined && firstAvailable.length > 0) {
      errors.push(fieldError.invalid(path, null, `${ONE}, but multiple fields are set`));
    }
    if (exactly !== undefined) checkRequest(errors, `${path}.exactly`, exactly, check);
    checkAlternatives(errors, `${path}.firstAvailable`, request.name, firstAvailable, { names, check });
  }
  checkAtMost(errors, `${at}.constraints`, devices.constraints, MAX_CONSTRAINTS);
  for (const [i, constraint] of (devices.constraints ?? []).entries()) {
    checkConstraint(errors, `${at}.constraints[${i}]`, constraint, names);
  }
  checkAtMost(errors, `${at}.config`, devices.config, MAX_CONFIGS);
  for (const [i, { requests, opaque }] of (devices.config ?? []).entries()) {
    checkReferences(errors, `${at}.config[${i}].requests`, requests, names);
    checkOpaque(errors, `${at}.config[${i}].opaque`, opaque);
  }
}

function checkAlternatives(
  errors: Errors,
  path: string,
  parent: string,
  all: readonly DeviceSubRequest[],
  { names, check }: { readonly names: Set<string>; readonly check: CheckExpression },
): void {
  checkAtMost(errors, path, all, MAX_ALTERNATIVES);
  for (const [i, request] of all.entries()) {
    const full = `${parent}/${request.name}`;
    checkName(errors, `${path}[${i}].name`, request.name, checkDnsLabel);
    if (names.has(full)) errors.push(fieldError.duplicate(`${path}[${i}]`, request.name));
    names.add(full);
    checkRequest(errors, `${path}[${i}]`, request, check);
  }
}

function checkRequest(
  errors: Errors,
  path: string,
  request: ExactDeviceRequest | DeviceSubRequest,
  check: CheckExpression,
): void {
  checkName(errors, `${path}.deviceClassName`, request.deviceClassName, checkDnsSubdomain);
  checkSelectors(errors, `${path}.selectors`, request.selectors, check);
  const { allocationMode = "", count = 0 } = request;
  if (allocationMode === "All") {
    if (count !== 0) {
      const why = "must not be specified when allocationMode is 'All'";
      errors.push(fieldError.invalid(`${path}.count`, count, why));
    }
  } else if (allocationMode === "ExactCount") {
    if (count <= 0) errors.push(fieldError.invalid(`${path}.count`, count, "must be greater than zero"));
  } else errors.push(fieldError.notSupported(`${path}.allocationMode`, allocationMode, ["All", "ExactCount"]));
  checkAtMost(errors, `${path}.tolerations`, request.tolerations, MAX_TOLERATIONS);
  for (const [i, toleration] of (request.tolerations ?? []).entries()) {
    checkToleration(errors, `${path}.tolerations[${i}]`, toleration);
  }
}

function checkToleration(errors: Errors, path: string, toleration: DeviceToleration): void {
  const { key = "", operator = "", value = "", effect = "" } = toleration;
  if (key !== "") addInvalid(errors, `${path}.key`, key, checkQualifiedName(key));
  if (operator === "Exists") {
    if (value !== "") {
      errors.push(fieldError.invalid(`${path}.value`, value, "must be empty for operator `Exists`"));
    }
  } else checkEnum(errors, `${path}.operator`, operator, ["Equal", "Exists"]);
  if (effect !== "") checkEnum(errors, `${path}.effect`, effect, ["NoExecute", "NoSchedule", "None"]);
}

export function checkSelectors(
  errors: Errors,
  path: string,
  selectors: readonly DeviceSelector[] | undefined,
  check: CheckExpression,
): void {
  checkAtMost(errors, path, selectors, MAX_SELECTORS);
  for (const [i, { cel }] of (selectors ?? []).entries()) {
    if (cel === undefined) errors.push(fieldError.required(`${path}[${i}].cel`));
    else if (Buffer.byteLength(cel.expression ?? "") > MAX_EXPRESSION_BYTES) {
      errors.push(fieldError.tooLong(`${path}[${i}].cel.expression`, MAX_EXPRESSION_BYTES));
    } else check(errors, `${path}[${i}].cel.expression`, cel.expression ?? "");
  }
}

function checkConstraint(errors: Errors, path: string, constraint: DeviceConstraint, names: ReadonlySet<string>): void {
  checkReferences(errors, `${path}.requests`, constraint.requests, names);
  const { matchAttribute, distinctAttribute } = constraint;
  for (const [field, name] of [
    ["matchAttribute", matchAttribute],
    ["distinctAttribute", distinctAttribute],
  ] as const) {
    if (name === undefined) continue;
    if (name.includes("/")) addInvalid(errors, `${path}.${field}`, name, checkQualifiedName(name));
    else errors.push(fieldError.invalid(`${path}.${field}`, name, "must include a domain"));
  }
  if (matchAttribute === undefined && distinctAttribute === undefined) {
    errors.push(fieldError.required(`${path}.matchAttribute`));
  }
}

function checkReferences(
  errors: Errors,
  path: string,
  requests: readonly string[] | undefined,
  names: ReadonlySet<string>,
): void {
  for (const [i, name] of (requests ?? []).entries()) {
    if (!names.has(name)) errors.push(fieldError.invalid(`${path}[${i}]`, name, NOT_A_REQUEST));
    if ((requests ?? []).indexOf(name) < i) errors.push(fieldError.duplicate(`${path}[${i}]`, name));
  }
}

/** Parameters that only their driver reads. */
export function checkOpaque(errors: Errors, path: string, opaque: OpaqueDeviceConfiguration | undefined): void {
  if (opaque === undefined) {
    errors.push(fieldError.required(path));
    return;
  }
  checkDriver(errors, `${path}.driver`, opaque.driver);
  const { parameters } = opaque;
  if (parameters === undefined || parameters === null) errors.push(fieldError.required(`${path}.parameters`));
  else if (typeof parameters !== "object" || Array.isArray(parameters)) {
    errors.push(fieldError.invalid(`${path}.parameters`, "<value omitted>", "must be a valid JSON object"));
  }
}

export function checkDriver(errors: Errors, path: string, driver: string | undefined): void {
  if (!driver) {
    errors.push(fieldError.required(path));
    return;
  }
  if (driver.length > MAX_DRIVER) errors.push(fieldError.tooLong(path, MAX_DRIVER));
  addInvalid(errors, path, driver, checkDnsSubdomain(driver));
}
