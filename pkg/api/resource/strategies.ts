import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { isExtendedResource } from "../core/resources-validation.ts";
import { addInvalid, checkImmutable, checkName, checkNotNegative, type Errors } from "../field-checks.ts";
import { LazyModule } from "../lazy-module.ts";
import { checkDnsLabel, checkDnsSubdomain, checkQualifiedName } from "../names.ts";
import { keepMetadata, separateStatus } from "../status-hooks.ts";
import { strategyOf } from "../strategy-of.ts";
import type { DeviceClass, ResourceClaim, ResourceClaimTemplate, ResourceSlice } from "../types/resource-v1.ts";
import type * as Expressions from "./device-expressions.ts";
import { checkAtMost, checkClaim, checkDriver, checkOpaque, checkSelectors } from "./claim-validation.ts";

const expressions = new LazyModule<typeof Expressions>(() => import("./device-expressions.ts"));

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
  checkClaim(errors, "spec", claim.spec, expressions.module.checkDeviceExpression);
  return errors;
}
const MAX_CONSUMERS = 256;

/** Who may use a claim is only said of one that has devices, and of one that is going to nobody new. */
function validateStatusUpdate(claim: ResourceClaim, old: ResourceClaim): Errors {
  const errors: Errors = [];
  const { allocation, reservedFor = [] } = claim.status ?? {};
  const at = "status.reservedFor";
  checkAtMost(errors, at, reservedFor, MAX_CONSUMERS);
  const uids = new Set<string>();
  for (const [i, consumer] of reservedFor.entries()) {
    for (const field of ["resource", "name", "uid"] as const) {
      if (!consumer[field]) errors.push(fieldError.required(`${at}[${i}].${field}`));
    }
    if (uids.has(consumer.uid)) errors.push(fieldError.duplicate(`${at}[${i}].uid`, consumer.uid));
    uids.add(consumer.uid);
  }
  if (reservedFor.length > 0 && allocation === undefined) {
    errors.push(fieldError.forbidden(at, "may not be specified when `allocated` is not set"));
  }
  const before = new Set((old.status?.reservedFor ?? []).map(({ uid }) => uid));
  if (claim.metadata.deletionTimestamp !== undefined && [...uids].some((uid) => !before.has(uid))) {
    const why = "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set";
    errors.push(fieldError.forbidden(at, why));
  }
  if (old.status?.allocation !== undefined && allocation !== undefined) {
    checkImmutable(errors, "status.allocation", allocation, old.status.allocation);
  }
  return errors;
}

export const resourceClaimStrategy = strategyOf<ResourceClaim>({
  ...separateStatus<ResourceClaim>(() => ({})),
  ready: expressions.ready,
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
  prepareForStatusUpdate: keepMetadata,
  validateStatusUpdate,
  columns: [nameColumn, column("State", "How far it is", stateOf), ageColumn],
});

function validateTemplate(template: ResourceClaimTemplate): Errors {
  const errors: Errors = [];
  checkClaim(errors, "spec.spec", template.spec?.spec, expressions.module.checkDeviceExpression);
  return errors;
}
export const resourceClaimTemplateStrategy = strategyOf<ResourceClaimTemplate>({
  ready: expressions.ready,
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

const MAX_CONFIGS = 32;

function validateDeviceClass({ spec }: DeviceClass): Errors {
  const errors: Errors = [];
  checkSelectors(errors, "spec.selectors", spec.selectors, expressions.module.checkDeviceExpression);
  checkAtMost(errors, "spec.config", spec.config, MAX_CONFIGS);
  for (const [i, { opaque }] of (spec.config ?? []).entries()) checkOpaque(errors, `spec.config[${i}].opaque`, opaque);
  const { extendedResourceName: name } = spec;
  if (name !== undefined) {
    const isOne = isExtendedResource(name) && checkQualifiedName(name).length === 0;
    if (!isOne) {
      const why = "must be a valid extended resource name";
      errors.push(fieldError.invalid("spec.extendedResourceName", name, why));
    }
  }
  return errors;
}

export const deviceClassStrategy = strategyOf<DeviceClass>({
  ready: expressions.ready,
  generation: true,
  defaults: (deviceClass) => {
    deviceClass.spec ??= {};
  },
  validate: validateDeviceClass,
  validateUpdate: validateDeviceClass,
  columns: [nameColumn, ageColumn],
});

const MAX_DEVICES = 128;
const MAX_ATTRIBUTES = 32;
const ONE_PLACE = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required";
const PLACES = ["nodeName", "nodeSelector", "allNodes", "perDeviceNodeSelection"] as const;

function validateSlice(slice: ResourceSlice): Errors {
  const errors: Errors = [];
  const spec = (slice.spec ?? {}) as Partial<ResourceSlice["spec"]>;
  checkDriver(errors, "spec.driver", spec.driver);
  checkPool(errors, "spec.pool", spec.pool);
  const places = PLACES.filter((place) => spec[place] !== undefined && spec[place] !== false);
  if (places.length === 0) errors.push(fieldError.required("spec", ONE_PLACE));
  else if (places.length > 1) {
    const given = `{${places.map((place) => `\`${place}\``).join(", ")}}`;
    errors.push(fieldError.invalid("spec", given, `${ONE_PLACE}, but multiple fields are set`));
  }
  if (spec.nodeName !== undefined) addInvalid(errors, "spec.nodeName", spec.nodeName, checkDnsSubdomain(spec.nodeName));
  checkAtMost(errors, "spec.devices", spec.devices, MAX_DEVICES);
  const names = new Set<string>();
  for (const [i, device] of (spec.devices ?? []).entries()) {
    const at = `spec.devices[${i}]`;
    checkName(errors, `${at}.name`, device.name, checkDnsLabel);
    if (names.has(device.name)) errors.push(fieldError.duplicate(`${at}.name`, device.name));
    names.add(device.name);
    const count = Object.keys({ ...device.attributes }).length + Object.keys({ ...device.capacity }).length;
    if (count > MAX_ATTRIBUTES) {
      const why = `the total number of attributes and capacities must not exceed ${MAX_ATTRIBUTES}`;
      errors.push(fieldError.invalid(at, count, why));
    }
    for (const [name, attribute] of Object.entries(device.attributes ?? {})) {
      const path = `${at}.attributes[${name}]`;
      const given = Object.keys(attribute).length;
      if (given === 0) errors.push(fieldError.required(path, "exactly one value must be specified"));
      if (given > 1) errors.push(fieldError.invalid(path, attribute, "exactly one value must be specified"));
    }
  }
  return errors;
}

const MAX_POOL_NAME = 253;

function checkPool(errors: Errors, path: string, pool: Partial<ResourceSlice["spec"]["pool"]> | undefined): void {
  const { name = "", resourceSliceCount: count = 0, generation = 0 } = pool ?? {};
  if (name === "") errors.push(fieldError.required(`${path}.name`));
  else {
    if (name.length > MAX_POOL_NAME) errors.push(fieldError.tooLong(`${path}.name`, MAX_POOL_NAME));
    for (const part of name.split("/")) addInvalid(errors, `${path}.name`, part, checkDnsSubdomain(part));
  }
  if (count <= 0) errors.push(fieldError.invalid(`${path}.resourceSliceCount`, count, "must be greater than zero"));
  checkNotNegative(errors, `${path}.generation`, generation);
}

export const resourceSliceStrategy = strategyOf<ResourceSlice>({
  generation: true,
  validate: validateSlice,
  validateUpdate: (slice, old) => {
    const errors = validateSlice(slice);
    checkImmutable(errors, "spec.driver", slice.spec?.driver, old.spec?.driver);
    checkImmutable(errors, "spec.pool.name", slice.spec?.pool?.name, old.spec?.pool?.name);
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
