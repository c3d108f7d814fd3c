import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, column, nameColumn, wideColumn } from "../columns.ts";
import { semanticEqual } from "../equal.ts";
import { addInvalid, checkLabelSelector, checkOptionalEnum, type Errors } from "../field-checks.ts";
import { checkDnsSubdomain } from "../names.ts";
import { compareQuantities } from "../quantity.ts";
import type { Mutable } from "../resource-ref.ts";
import { separateStatus } from "../status-hooks.ts";
import { strategyOf } from "../strategy-of.ts";
import type { PersistentVolumeClaim as Claim, PersistentVolumeClaimSpec as Spec } from "../types/core-v1.ts";
import { ACCESS_MODES, shortAccessModes } from "./access-modes.ts";

const CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class";

function defaultClaim(claim: Mutable<Claim>): void {
  claim.spec ??= {};
  claim.status ??= {};
  claim.status.phase ||= "Pending";
  claim.spec.volumeMode ??= "Filesystem";
  claim.spec.resources ??= {};
  const { dataSource, dataSourceRef } = claim.spec;
  if (dataSource !== undefined && dataSourceRef === undefined) claim.spec.dataSourceRef = { ...dataSource };
  else if (dataSource === undefined && dataSourceRef !== undefined && dataSourceRef.namespace === undefined) {
    claim.spec.dataSource = { ...dataSourceRef };
  }
}

export function checkClaimSpec(errors: Errors, path: string, spec: Spec): void {
  const modes = spec.accessModes ?? [];
  if (modes.length === 0) errors.push(fieldError.required(`${path}.accessModes`, "at least 1 access mode is required"));
  for (const mode of modes) checkOptionalEnum(errors, `${path}.accessModes`, mode, ACCESS_MODES);
  if (modes.includes("ReadWriteOncePod") && modes.length > 1) {
    const why = "may not use ReadWriteOncePod with other access modes";
    errors.push(fieldError.forbidden(`${path}.accessModes`, why));
  }
  checkLabelSelector(errors, `${path}.selector`, spec.selector);
  const storage = spec.resources?.requests?.storage;
  if (storage === undefined) errors.push(fieldError.required(`${path}.resources[storage]`));
  else if (compareQuantities(storage, "0") <= 0) {
    errors.push(fieldError.invalid(`${path}.resources[storage]`, storage, "must be greater than zero"));
  }
  if (spec.storageClassName) {
    addInvalid(errors, `${path}.storageClassName`, spec.storageClassName, checkDnsSubdomain(spec.storageClassName));
  }
  checkOptionalEnum(errors, `${path}.volumeMode`, spec.volumeMode, ["Block", "Filesystem"]);
  if (
    spec.dataSource !== undefined &&
    spec.dataSourceRef !== undefined &&
    (spec.dataSource.kind !== spec.dataSourceRef.kind || spec.dataSource.name !== spec.dataSourceRef.name)
  ) {
    errors.push(fieldError.invalid(path, "", "must match dataSourceRef"));
  }
}

function validate(claim: Claim): Errors {
  const errors: Errors = [];
  checkClaimSpec(errors, "spec", claim.spec ?? {});
  return errors;
}

/** After creation only the size may grow, the volume be bound once, and the attributes class change. */
function validateUpdate(claim: Claim, old: Claim): Errors {
  const errors = validate(claim);
  const bound = claim.status?.phase === "Bound" || old.status?.phase === "Bound";
  const kept: Mutable<Spec> = { ...(claim.spec as Mutable<Spec>) };
  if (!old.spec.volumeName) {
    delete kept.volumeName;
    if (old.spec.volumeName !== undefined) kept.volumeName = old.spec.volumeName;
  }
  if (old.spec.storageClassName === undefined) delete kept.storageClassName;
  delete kept.volumeAttributesClassName;
  const { volumeAttributesClassName: _, ...before } = old.spec;
  if (bound) kept.resources = { ...(old.spec.resources as Mutable<NonNullable<Spec["resources"]>>) };
  if (!semanticEqual(kept, before)) {
    const why =
      "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
    errors.push(fieldError.forbidden("spec", why));
  }
  const now = claim.spec.resources?.requests?.storage ?? "0";
  const size = old.status?.capacity?.storage ?? old.spec.resources?.requests?.storage ?? "0";
  if (
    bound &&
    compareQuantities(now, old.spec.resources?.requests?.storage ?? "0") < 0 &&
    compareQuantities(now, size) <= 0
  ) {
    const why = "field can not be less than status.capacity";
    errors.push(fieldError.forbidden("spec.resources.requests.storage", why));
  }
  return errors;
}

const classOf = (c: Claim): string => c.metadata.annotations?.[CLASS_ANNOTATION] ?? c.spec?.storageClassName ?? "";
const isBound = (c: Claim): boolean => (c.spec?.volumeName ?? "") !== "";
const phaseOf = (c: Claim): string =>
  c.metadata.deletionTimestamp === undefined ? (c.status?.phase ?? "") : "Terminating";

export const persistentVolumeClaimStrategy = strategyOf<Claim>({
  ...separateStatus<Claim>(() => ({ phase: "Pending" })),
  defaults: defaultClaim,
  validate,
  validateUpdate,
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
