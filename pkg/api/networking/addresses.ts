// ServiceCIDR and IPAddress.
import { fieldError } from "#pkg/errors/index.ts";
import { addressNumber, addressText } from "../address.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { addInvalid, checkImmutable, checkName, type Errors, IMMUTABLE } from "../field-checks.ts";
import { checkCanonicalCidr, checkCidr, checkDnsSubdomain, checkPathSegment } from "../names.ts";
import { keepMetadata } from "../status-hooks.ts";
import { strategyOf } from "../strategy-of.ts";
import type { IPAddress, ServiceCIDR } from "../types/networking-v1.ts";

function validateRange(range: ServiceCIDR): Errors {
  const errors: Errors = [];
  const cidrs = range.spec.cidrs ?? [];
  const [first, second] = cidrs;
  if (first === undefined) return [fieldError.required("spec.cidrs", "at least one CIDR required")];
  if (cidrs.length > 2) return [fieldError.invalid("spec.cidrs", range.spec, "may only hold up to 2 values")];
  if (second !== undefined && !isDualStack(first, second)) {
    const why = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/96";
    return [fieldError.invalid("spec.cidrs", range.spec, why)];
  }
  for (const [i, cidr] of cidrs.entries()) addInvalid(errors, `spec.cidrs[${i}]`, cidr, checkCanonicalCidr(cidr));
  return errors;
}

const isDualStack = (a: string, b: string): boolean =>
  checkCidr(a).length === 0 && checkCidr(b).length === 0 && a.includes(":") !== b.includes(":");

/** A second range, of the other family, may be added; nothing else changes. */
function validateRangeUpdate(range: ServiceCIDR, old: ServiceCIDR): Errors {
  const errors: Errors = [];
  const now = range.spec.cidrs ?? [];
  const before = old.spec.cidrs ?? [];
  const grows = before.length === 1 && now.length === 2;
  if (now.length !== before.length && !grows) return [fieldError.invalid("spec.cidrs", now, IMMUTABLE)];
  for (const [i, cidr] of before.entries()) {
    if (cidr !== now[i]) errors.push(fieldError.invalid(`spec.cidrs[${i}]`, now[i], IMMUTABLE));
  }
  return grows ? [...errors, ...validateRange(range)] : errors;
}

/** As upstream, a status that a new one brings along is kept. */
export const serviceCidrStrategy = strategyOf<ServiceCIDR>({
  defaults: (range) => {
    range.spec ??= {};
    range.status ??= {};
  },
  validate: validateRange,
  validateUpdate: validateRangeUpdate,
  prepareForStatusUpdate: keepMetadata,
  columns: [nameColumn, column("CIDRs", "Its ranges", (r: ServiceCIDR) => (r.spec.cidrs ?? []).join(",")), ageColumn],
});

function validateAddress(address: IPAddress): Errors {
  const errors: Errors = [];
  const { name } = address.metadata;
  const number = addressNumber(name ?? "");
  if (number === undefined || name.includes("%")) {
    errors.push(fieldError.invalid("metadata.name", name, `ParseAddr(${JSON.stringify(name)}): unable to parse IP`));
  } else if (addressText(number, name.includes(":") ? "IPv6" : "IPv4") !== name) {
    errors.push(fieldError.invalid("metadata.name", name, "must be a canonical format IP address"));
  }
  const { parentRef } = address.spec;
  if (parentRef === undefined) return [...errors, fieldError.required("spec.parentRef")];
  const at = "spec.parentRef";
  if (parentRef.group) addInvalid(errors, `${at}.group`, parentRef.group, checkDnsSubdomain(parentRef.group));
  checkName(errors, `${at}.resource`, parentRef.resource, checkPathSegment);
  checkName(errors, `${at}.name`, parentRef.name, checkPathSegment);
  if (parentRef.namespace) {
    addInvalid(errors, `${at}.namespace`, parentRef.namespace, checkPathSegment(parentRef.namespace));
  }
  return errors;
}

function parentOf(address: IPAddress): string {
  const parent = address.spec.parentRef ?? { resource: "", name: "" };
  const group = parent.group ? `.${parent.group}` : "";
  return `${parent.resource}${group}/${parent.namespace ? `${parent.namespace}/` : ""}${parent.name}`;
}

export const ipAddressStrategy = strategyOf<IPAddress>({
  nameRule: "path-segment",
  defaults: (address) => {
    address.spec ??= {} as typeof address.spec;
  },
  validate: validateAddress,
  validateUpdate: (address, old) => {
    const errors: Errors = [];
    checkImmutable(errors, "spec.parentRef", address.spec.parentRef, old.spec.parentRef);
    return errors;
  },
  columns: [nameColumn, column("ParentRef", "Whose address it is", parentOf)],
});
