// ServiceCIDR and IPAddress.
import { isIP } from "node:net";
import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { addInvalid, checkImmutable, type Errors } from "../field-checks.ts";
import { checkCidr } from "../names.ts";
import { separateStatus } from "../status-hooks.ts";
import { strategyOf } from "../strategy-of.ts";
import type { IPAddress, ServiceCIDR } from "../types/networking-v1.ts";

function validateRange(range: ServiceCIDR): Errors {
  const errors: Errors = [];
  const cidrs = range.spec.cidrs ?? [];
  if (cidrs.length === 0) errors.push(fieldError.required("spec.cidrs", "at least one CIDR required"));
  if (cidrs.length > 2) errors.push(fieldError.invalid("spec", range.spec, "may only hold up to 2 values"));
  for (const [i, cidr] of cidrs.entries()) addInvalid(errors, `spec.cidrs[${i}]`, cidr, checkCidr(cidr));
  return errors;
}

export const serviceCidrStrategy = strategyOf<ServiceCIDR>({
  ...separateStatus<ServiceCIDR>(() => ({})),
  defaults: (range) => {
    range.spec ??= {};
  },
  validate: validateRange,
  validateUpdate: (range, old) => {
    const errors: Errors = [];
    checkImmutable(errors, "spec.cidrs", range.spec.cidrs, old.spec.cidrs);
    return errors;
  },
  columns: [nameColumn, column("CIDRs", "Its ranges", (r: ServiceCIDR) => (r.spec.cidrs ?? []).join(",")), ageColumn],
});

function validateAddress(address: IPAddress): Errors {
  const errors: Errors = [];
  const { parentRef } = address.spec;
  if (isIP(address.metadata.name) === 0) {
    errors.push(
      fieldError.invalid(
        "metadata.name",
        address.metadata.name,
        "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
      ),
    );
  }
  if (parentRef === undefined) return [...errors, fieldError.required("spec.parentRef")];
  if (!parentRef.resource) errors.push(fieldError.required("spec.parentRef.resource"));
  if (!parentRef.name) errors.push(fieldError.required("spec.parentRef.name"));
  return errors;
}

function parentOf(address: IPAddress): string {
  const parent = address.spec.parentRef ?? { resource: "", name: "" };
  const group = parent.group ? `.${parent.group}` : "";
  return `${parent.resource}${group}/${parent.namespace ? `${parent.namespace}/` : ""}${parent.name}`;
}

export const ipAddressStrategy = strategyOf<IPAddress>({
  nameRule: "path-segment",
  generation: true,
  defaults: (address) => {
    address.spec ??= {} as typeof address.spec;
  },
  validate: validateAddress,
  validateUpdate: (address, old) => {
    const errors = validateAddress(address);
    checkImmutable(errors, "spec.parentRef", address.spec.parentRef, old.spec.parentRef);
    return errors;
  },
  selectableFields: { "metadata.name": (address) => address.metadata.name },
  columns: [nameColumn, column("ParentRef", "Whose address it is", parentOf)],
});
