import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, column, nameColumn, wideColumn } from "../columns.ts";
import { semanticEqual } from "../equal.ts";
import { addInvalid, checkEnum, checkOptionalEnum, type Errors } from "../field-checks.ts";
import { checkDnsSubdomain } from "../names.ts";
import type { Mutable } from "../resource-ref.ts";
import { separateStatus } from "../status-hooks.ts";
import { strategyOf } from "../strategy-of.ts";
import type { PersistentVolume, PersistentVolumeSpec } from "../types/core-v1.ts";
import { ACCESS_MODES, shortAccessModes } from "./access-modes.ts";
import { checkNodeSelector } from "./affinity-validation.ts";
import { checkAmount } from "./resources-validation.ts";

/** Everything of a spec that is not the volume's source. */
const PLAIN_FIELDS = new Set([
  "accessModes",
  "capacity",
  "claimRef",
  "mountOptions",
  "nodeAffinity",
  "persistentVolumeReclaimPolicy",
  "storageClassName",
  "volumeAttributesClassName",
  "volumeMode",
]);
const sourceOf = (spec: PersistentVolumeSpec): Record<string, unknown> =>
  Object.fromEntries(Object.entries(spec).filter(([field]) => !PLAIN_FIELDS.has(field)));

function defaultVolume(volume: Mutable<PersistentVolume>): void {
  volume.spec ??= {};
  volume.status ??= {};
  volume.status.phase ||= "Pending";
  volume.spec.persistentVolumeReclaimPolicy ||= "Retain";
  volume.spec.volumeMode ??= "Filesystem";
  if (volume.spec.hostPath !== undefined) volume.spec.hostPath.type ??= "";
}

function validate(volume: PersistentVolume): Errors {
  const errors: Errors = [];
  const spec = volume.spec ?? {};
  if ((spec.accessModes ?? []).length === 0) errors.push(fieldError.required("spec.accessModes"));
  for (const mode of spec.accessModes ?? []) checkOptionalEnum(errors, "spec.accessModes", mode, ACCESS_MODES);
  const capacity = spec.capacity ?? {};
  if (Object.keys(capacity).length === 0) errors.push(fieldError.required("spec.capacity"));
  else if (capacity.storage === undefined) {
    errors.push(fieldError.notSupported("spec.capacity", Object.keys(capacity)[0], ["storage"]));
  } else checkAmount(errors, "spec.capacity[storage]", "storage", capacity.storage);
  const policies = ["Delete", "Recycle", "Retain"];
  checkEnum(errors, "spec.persistentVolumeReclaimPolicy", spec.persistentVolumeReclaimPolicy, policies);
  checkOptionalEnum(errors, "spec.volumeMode", spec.volumeMode, ["Block", "Filesystem"]);
  if (spec.storageClassName) {
    addInvalid(errors, "spec.storageClassName", spec.storageClassName, checkDnsSubdomain(spec.storageClassName));
  }
  const sources = Object.keys(sourceOf(spec));
  if (sources.length === 0) errors.push(fieldError.required("spec", "must specify a volume type"));
  for (const extra of sources.slice(1)) {
    errors.push(fieldError.forbidden(`spec.${extra}`, "may not specify more than 1 volume type"));
  }
  if (spec.hostPath !== undefined && !spec.hostPath.path) errors.push(fieldError.required("spec.hostPath.path"));
  if (spec.local !== undefined) {
    if (!spec.local.path) errors.push(fieldError.required("spec.local.path"));
    if (spec.nodeAffinity?.required === undefined) {
      errors.push(fieldError.required("spec.nodeAffinity", "Local volume requires node affinity"));
    }
  }
  if (spec.nodeAffinity?.required !== undefined) {
    checkNodeSelector(errors, "spec.nodeAffinity.required", spec.nodeAffinity.required);
  }
  return errors;
}

function validateUpdate(volume: PersistentVolume, old: PersistentVolume): Errors {
  const errors = validate(volume);
  if (!semanticEqual(sourceOf(volume.spec), sourceOf(old.spec))) {
    errors.push(
      fieldError.forbidden("spec.persistentvolumesource", "spec.persistentvolumesource is immutable after creation"),
    );
  }
  if (volume.spec.volumeMode !== old.spec.volumeMode) {
    errors.push(fieldError.invalid("spec.volumeMode", volume.spec.volumeMode, "field is immutable"));
  }
  if (old.spec.nodeAffinity !== undefined && !semanticEqual(volume.spec.nodeAffinity, old.spec.nodeAffinity)) {
    errors.push(fieldError.invalid("spec.nodeAffinity", volume.spec.nodeAffinity, "field is immutable"));
  }
  return errors;
}

const claimOf = (v: PersistentVolume): string =>
  v.spec?.claimRef === undefined ? "" : `${v.spec.claimRef.namespace}/${v.spec.claimRef.name}`;
const phaseOf = (v: PersistentVolume): string =>
  v.metadata.deletionTimestamp === undefined ? (v.status?.phase ?? "") : "Terminating";

export const persistentVolumeStrategy = strategyOf<PersistentVolume>({
  ...separateStatus<PersistentVolume>(() => ({ phase: "Pending" })),
  defaults: defaultVolume,
  validate,
  validateUpdate,
  columns: [
    nameColumn,
    column("Capacity", "Size", (v: PersistentVolume) => v.spec?.capacity?.storage ?? ""),
    column("Access Modes", "How it may be mounted", (v: PersistentVolume) => shortAccessModes(v.spec?.accessModes)),
    column("Reclaim Policy", "What becomes of it", (v: PersistentVolume) => v.spec?.persistentVolumeReclaimPolicy),
    column("Status", "Phase", phaseOf),
    column("Claim", "Claim it is bound to", claimOf),
    column("StorageClass", "Its class", (v: PersistentVolume) => v.spec?.storageClassName ?? ""),
    column(
      "VolumeAttributesClass",
      "Its attributes",
      (v: PersistentVolume) => v.spec?.volumeAttributesClassName || "<unset>",
    ),
    column("Reason", "Why it is in its phase", (v: PersistentVolume) => v.status?.reason ?? ""),
    ageColumn,
    wideColumn("VolumeMode", "Filesystem or Block", (v: PersistentVolume) => v.spec?.volumeMode || "<unset>"),
  ],
});
