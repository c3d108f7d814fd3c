import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { checkImmutable, checkName, type Errors } from "../field-checks.ts";
import { checkDnsLabel, checkDnsSubdomain } from "../names.ts";
import { separateStatus } from "../status-hooks.ts";
import { strategyOf } from "../strategy-of.ts";
import type {
  DeviceClass,
  ResourceClaim,
  ResourceClaimSpec,
  ResourceClaimTemplate,
  ResourceSlice,
} from "../types/resource-v1.ts";

function checkClaim(errors: Errors, path: string, spec: ResourceClaimSpec | undefined): void {
  const names = new Set<string>();
  for (const [i, request] of (spec?.devices?.requests ?? []).entries()) {
    const at = `${path}.devices.requests[${i}]`;
    checkName(errors, `${at}.name`, request.name, checkDnsLabel);
    if (names.has(request.name)) errors.push(fieldError.duplicate(`${at}.name`, request.name));
    names.add(request.name);
    const alternatives = request.firstAvailable ?? [];
    if (request.exactly === undefined && alternatives.length === 0) {
      errors.push(fieldError.required(at, "exactly one of `exactly` or `firstAvailable` is required"));
    } else if (request.exactly !== undefined && alternatives.length > 0) {
      errors.push(
        fieldError.invalid(
          at,
          "",
          "exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set",
        ),
      );
    }
    if (request.exactly !== undefined) {
      checkName(errors, `${at}.exactly.deviceClassName`, request.exactly.deviceClassName, checkDnsSubdomain);
    }
  }
}

interface Asked {
  allocationMode?: string;
  count?: number;
}
function defaultRequest(request: Asked): void {
  request.allocationMode ||= "ExactCount";
  if (request.allocationMode === "ExactCount") request.count ||= 1;
}
function defaultClaim(
  spec: { devices?: { requests?: { exactly?: Asked; firstAvailable?: Asked[] }[] } } | undefined,
): void {
  for (const request of spec?.devices?.requests ?? []) {
    if (request.exactly !== undefined) defaultRequest(request.exactly);
    request.firstAvailable?.forEach(defaultRequest);
  }
}

function stateOf(claim: ResourceClaim): string {
  const words = [
    ...(claim.metadata.deletionTimestamp === undefined ? [] : ["deleted"]),
    ...(claim.status?.allocation === undefined ? [] : ["allocated"]),
    ...((claim.status?.reservedFor ?? []).length === 0 ? [] : ["reserved"]),
  ];
  if (claim.status?.allocation === undefined) words.push("pending");
  return words.join(",");
}

function validateClaim(claim: ResourceClaim): Errors {
  const errors: Errors = [];
  checkClaim(errors, "spec", claim.spec);
  return errors;
}
export const resourceClaimStrategy = strategyOf<ResourceClaim>({
  ...separateStatus<ResourceClaim>(() => ({})),
  defaults: (claim) => {
    claim.spec ??= {};
    defaultClaim(claim.spec as Parameters<typeof defaultClaim>[0]);
  },
  validate: validateClaim,
  validateUpdate: (claim, old) => {
    const errors: Errors = [];
    checkImmutable(errors, "spec", claim.spec, old.spec);
    return errors;
  },
  columns: [nameColumn, column("State", "How far it is", stateOf), ageColumn],
});

function validateTemplate(template: ResourceClaimTemplate): Errors {
  const errors: Errors = [];
  checkClaim(errors, "spec.spec", template.spec?.spec);
  return errors;
}
export const resourceClaimTemplateStrategy = strategyOf<ResourceClaimTemplate>({
  defaults: (template) => {
    template.spec ??= { spec: {} };
    defaultClaim(template.spec.spec as Parameters<typeof defaultClaim>[0]);
  },
  validate: validateTemplate,
  validateUpdate: (template, old) => {
    const errors: Errors = [];
    checkImmutable(errors, "spec", template.spec, old.spec);
    return errors;
  },
  columns: [nameColumn, ageColumn],
});

export const deviceClassStrategy = strategyOf<DeviceClass>({
  generation: true,
  defaults: (deviceClass) => {
    deviceClass.spec ??= {};
  },
  columns: [nameColumn, ageColumn],
});

function validateSlice(slice: ResourceSlice): Errors {
  const errors: Errors = [];
  const { spec } = slice;
  checkName(errors, "spec.driver", spec?.driver, checkDnsSubdomain);
  if (!spec?.pool?.name) errors.push(fieldError.required("spec.pool.name"));
  if ((spec?.pool?.resourceSliceCount ?? 0) <= 0) {
    const count = spec?.pool?.resourceSliceCount ?? 0;
    errors.push(fieldError.invalid("spec.pool.resourceSliceCount", count, "must be greater than zero"));
  }
  const places = [spec?.nodeName, spec?.nodeSelector, spec?.allNodes, spec?.perDeviceNodeSelection].filter(
    (p) => p !== undefined,
  );
  if (places.length !== 1) {
    const why = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required";
    errors.push(fieldError.required("spec", why));
  }
  return errors;
}
export const resourceSliceStrategy = strategyOf<ResourceSlice>({
  generation: true,
  validate: validateSlice,
  validateUpdate: (slice, old) => {
    const errors = validateSlice(slice);
    checkImmutable(errors, "spec.driver", slice.spec?.driver, old.spec?.driver);
    checkImmutable(errors, "spec.nodeName", slice.spec?.nodeName, old.spec?.nodeName);
    return errors;
  },
  selectableFields: {
    "spec.driver": (slice) => slice.spec?.driver ?? "",
    "spec.nodeName": (slice) => slice.spec?.nodeName ?? "",
  },
  columns: [
    nameColumn,
    column("Node", "Node of its devices", (s: ResourceSlice) => s.spec?.nodeName || "<unset>"),
    column("Driver", "Driver of its devices", (s: ResourceSlice) => s.spec?.driver),
    column("Pool", "Pool it belongs to", (s: ResourceSlice) => s.spec?.pool?.name),
    ageColumn,
  ],
});
