import { fieldError } from "#pkg/errors/index.ts";
import { addInvalid, type Errors, NOT_NEGATIVE } from "../field-checks.ts";
import { checkQualifiedName } from "../names.ts";
import { compareQuantities, parseQuantity } from "../quantity.ts";
import type { ResourceRequirements } from "../types/core-v1.ts";

const STANDARD = new Set(["cpu", "memory", "ephemeral-storage"]);
const isHugePages = (name: string): boolean => name.startsWith("hugepages-");
/** Devices and the like: named with a domain that is not Kubernetes' own. */
export const isExtendedResource = (name: string): boolean =>
  name.includes("/") && !name.startsWith("kubernetes.io/") && !name.startsWith("requests.");
/** Resources that cannot be shared, so a request must equal its limit. */
export const isExact = (name: string): boolean => isHugePages(name) || isExtendedResource(name);

export function checkResources(errors: Errors, path: string, resources: ResourceRequirements | undefined): void {
  if (resources === undefined) return;
  const { limits, requests } = resources;
  for (const name in limits) {
    const at = `${path}.limits[${name}]`;
    checkResourceName(errors, at, name);
    checkAmount(errors, at, name, limits[name] as string);
  }
  for (const name in requests) {
    const at = `${path}.requests[${name}]`;
    const request = requests[name] as string;
    const limit = limits?.[name];
    checkResourceName(errors, at, name);
    checkAmount(errors, at, name, request);
    if (limit === undefined) {
      if (isExact(name)) {
        errors.push(fieldError.required(`${path}.limits`, "Limit must be set for non overcommitable resources"));
      }
      continue;
    }
    const order = compareQuantities(request, limit);
    if (isExact(name) && order !== 0) {
      errors.push(fieldError.invalid(`${path}.requests`, request, `must be equal to ${name} limit of ${limit}`));
    } else if (order > 0) {
      errors.push(
        fieldError.invalid(`${path}.requests`, request, `must be less than or equal to ${name} limit of ${limit}`),
      );
    }
  }
  checkHugePages(errors, path, resources);
  for (const [i, claim] of (resources.claims ?? []).entries()) {
    if (!claim.name) errors.push(fieldError.required(`${path}.claims[${i}].name`));
  }
}

function checkHugePages(errors: Errors, path: string, { limits, requests }: ResourceRequirements): void {
  const names = Object.keys({ ...limits, ...requests });
  if (names.some(isHugePages) && !names.includes("cpu") && !names.includes("memory")) {
    errors.push(fieldError.forbidden(path, "HugePages require cpu or memory"));
  }
}

/** A name containers may ask for. */
export function checkResourceName(errors: Errors, path: string, name: string): void {
  if (STANDARD.has(name) || isHugePages(name)) return;
  const messages = checkQualifiedName(name);
  addInvalid(errors, path, name, messages);
  if (messages.length > 0) return;
  if (!name.includes("/")) errors.push(fieldError.invalid(path, name, "must be a standard resource for containers"));
  else if (!isExtendedResource(name)) {
    errors.push(fieldError.invalid(path, name, "doesn't follow extended resource name standard"));
  }
}

/** Not negative; whole numbers of what cannot be divided. */
export function checkAmount(errors: Errors, path: string, name: string, amount: string): void {
  if (amount.startsWith("-")) errors.push(fieldError.invalid(path, amount, NOT_NEGATIVE));
  if (isHugePages(name) && !isMultiple(amount, name.slice("hugepages-".length))) {
    errors.push(fieldError.invalid(path, amount, `${amount} is not positive integer multiple of ${name}`));
  }
  if (isExtendedResource(name) && parseQuantity(amount).nano % 1_000_000_000n !== 0n) {
    errors.push(fieldError.invalid(path, amount, "must be an integer"));
  }
}

function isMultiple(amount: string, page: string): boolean {
  const size = isQuantity(page) ? parseQuantity(page).nano : 0n;
  const whole = parseQuantity(amount).nano;
  return size > 0n && whole >= 0n && whole % size === 0n;
}
const isQuantity = (text: string): boolean => /^\d+([KMGTPE]i|[kMGTPE])?$/.test(text);
