import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, column, nameColumn, wideColumn } from "../columns.ts";
import { semanticEqual } from "../equal.ts";
import { checkImmutable, type Errors, IMMUTABLE } from "../field-checks.ts";
import { compareQuantities } from "../quantity.ts";
import type { Mutable } from "../resource-ref.ts";
import { separateStatus } from "../status-hooks.ts";
import { strategyOf } from "../strategy-of.ts";
import type { PersistentVolumeClaim as Claim, PersistentVolumeClaimSpec as Spec } from "../types/core-v1.ts";
import { shortAccessModes } from "./access-modes.ts";
import { checkClaimSpec } from "./claim-spec-validation.ts";
import { claimWarnings } from "./storage-warnings.ts";

const CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class";

function defaultClaim(claim: Mutable<Claim>): void {
  claim.spec ??= {};
  claim.status ??= {};
  claim.status.phase ||= "Pending";
  claim.spec.volumeMode ??= "Filesystem";
  claim.spec.resources ??= {};
}

/** dataSource is the old name of dataSourceRef: each is made from the other (KEP-1495). */
function completeSources(claim: Mutable<Claim>): void {
  const { spec } = claim;
  if (spec === undefined) return;
  const { dataSource, dataSourceRef } = spec;
  if (dataSourceRef?.namespace) return;
  if (dataSource !== undefined && dataSourceRef === undefined) spec.dataSourceRef = { ...dataSource };
  else if (dataSource === undefined && dataSourceRef !== undefined) {
    const { namespace: _, ...rest } = dataSourceRef;
    spec.dataSource = rest;
  }
}

/** The old name never took more than claims and snapshots: what else is there is dropped without a word. */
function dropUnknownSource(claim: Mutable<Claim>): void {
  const source = claim.spec?.dataSource;
  if (source === undefined) return;
  const isClaim = source.kind === "PersistentVolumeClaim" && !source.apiGroup;
  const isSnapshot = source.kind === "VolumeSnapshot" && source.apiGroup === "snapshot.storage.k8s.io";
  if (!isClaim && !isSnapshot && claim.spec !== undefined) delete claim.spec.dataSource;
}

function validate(claim: Claim): Errors {
  const errors: Errors = [];
  checkClaimSpec(errors, "spec", claim.spec ?? {});
  return errors;
}

/** After creation only the size may grow, the volume be bound once, and the attributes class change. */
function validateUpdate(claim: Claim, old: Claim): Errors {
  const errors = validate(claim);
  const now = { ...claim.spec } as Mutable<Spec>;
  const before = { ...old.spec } as Mutable<Spec>;
  if (!before.volumeName) Object.assign(before, { volumeName: now.volumeName });
  const annotation = (c: Claim): string => c.metadata.annotations?.[CLASS_ANNOTATION] ?? "";
  const moved =
    before.storageClassName === undefined && annotation(old) !== "" && annotation(old) === now.storageClassName;
  if (moved) delete now.storageClassName;
  else {
    if (annotation(claim) !== annotation(old)) {
      errors.push(fieldError.invalid(`metadata.annotations[${CLASS_ANNOTATION}]`, annotation(claim), IMMUTABLE));
    }
    // A class that came to be the default later may be taken on.
    if (before.storageClassName === undefined && annotation(old) === "" && now.volumeName === undefined) {
      delete now.storageClassName;
    }
  }
  if (claim.status?.phase === "Bound") now.resources = withStorageOf(now.resources, before.resources);
  delete now.volumeAttributesClassName;
  delete before.volumeAttributesClassName;
  if (!semanticEqual(withoutEmpty(now), withoutEmpty(before))) {
    const changed = Object.keys({ ...now, ...before }).filter(
      (field) => !semanticEqual(now[field as keyof Spec], before[field as keyof Spec]),
    );
    const why =
      "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
    errors.push(fieldError.forbidden("spec", [why, ...changed.map((field) => `  spec.${field}`)].join("\n")));
  }
  const size = claim.spec.resources?.requests?.storage ?? "0";
  const isLess = compareQuantities(size, old.spec.resources?.requests?.storage ?? "0") < 0;
  if (isLess && compareQuantities(size, old.status?.capacity?.storage ?? "0") <= 0) {
    const why = "field can not be less than status.capacity";
    errors.push(fieldError.forbidden("spec.resources.requests.storage", why));
  }
  checkImmutable(errors, "volumeMode", claim.spec.volumeMode, old.spec.volumeMode);
  if (old.spec.volumeAttributesClassName !== undefined && claim.spec.volumeAttributesClassName === undefined) {
    const why = "update from non-nil value to nil is forbidden";
    errors.push(fieldError.forbidden("spec.volumeAttributesClassName", why));
  }
  return errors;
}

const withoutEmpty = (spec: Mutable<Spec>): object =>
  Object.fromEntries(Object.entries(spec).filter(([field, value]) => field !== "volumeName" || value !== ""));

type Resources = Mutable<NonNullable<Spec["resources"]>>;
function withStorageOf(resources: Resources | undefined, old: Resources | undefined): Resources {
  const storage = old?.requests?.storage;
  return {
    ...resources,
    requests: { ...resources?.requests, ...(storage === undefined ? {} : { storage }) },
  } as Resources;
}

function validateStatusUpdate(claim: Claim): Errors {
  const errors: Errors = [];
  if ((claim.spec.accessModes ?? []).length === 0) errors.push(fieldError.required("Spec.accessModes"));
  for (const [name, amount] of Object.entries(claim.status?.capacity ?? {})) {
    if (amount.startsWith("-")) {
      errors.push(fieldError.invalid(`status.capacity[${name}]`, amount, "must be a valid resource quantity"));
    }
  }
  return errors;
}

const classOf = (c: Claim): string => c.metadata.annotations?.[CLASS_ANNOTATION] ?? c.spec?.storageClassName ?? "";
const isBound = (c: Claim): boolean => (c.spec?.volumeName ?? "") !== "";
const phaseOf = (c: Claim): string =>
  c.metadata.deletionTimestamp === undefined ? (c.status?.phase ?? "") : "Terminating";

const status = separateStatus<Claim>(() => ({ phase: "Pending" }));

export const persistentVolumeClaimStrategy = strategyOf<Claim>({
  defaults: defaultClaim,
  prepareForCreate: (claim) => {
    status.prepareForCreate(claim);
    dropUnknownSource(claim);
    completeSources(claim);
  },
  prepareForUpdate: (claim, old) => {
    status.prepareForUpdate(claim, old);
    completeSources(claim);
  },
  validate,
  validateUpdate,
  validateStatusUpdate,
  warnings: claimWarnings,
  columns: [
    nameColumn,
    column("Status", "Phase", phaseOf),
    column("Volume", "Volume it is bound to", (c: Claim) => c.spec?.volumeName ?? ""),
    column("Capacity", "Size", (c: Claim) => (isBound(c) ? (c.status?.capacity?.storage ?? "") : "")),
    column("Access Modes", "How it may be mounted", (c: Claim) =>
      isBound(c) ? shortAccessModes(c.status?.accessModes) : "",
    ),
    column("StorageClass", "Its class", classOf),
    column("VolumeAttributesClass", "Its attributes", (c: Claim) => c.spec?.volumeAttributesClassName || "<unset>"),
    ageColumn,
    wideColumn("VolumeMode", "Filesystem or Block", (c: Claim) => c.spec?.volumeMode || "<unset>"),
  ],
});
