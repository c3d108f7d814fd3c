import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, column, nameColumn, wideColumn } from "../columns.ts";
import { semanticEqual } from "../equal.ts";
import { addInvalid, checkImmutable, checkOptionalEnum, type Errors } from "../field-checks.ts";
import { checkDnsSubdomain } from "../names.ts";
import { compareQuantities } from "../quantity.ts";
import type { Mutable } from "../resource-ref.ts";
import { separateStatus } from "../status-hooks.ts";
import { strategyOf } from "../strategy-of.ts";
import type { PersistentVolume, PersistentVolumeSpec } from "../types/core-v1.ts";
import { ACCESS_MODES, shortAccessModes } from "./access-modes.ts";
import { checkNodeSelector } from "./affinity-validation.ts";
import { volumeWarnings } from "./storage-warnings.ts";
import { defaultNetworkVolume } from "./volume-defaults.ts";
import { checkDriverName, checkSourceFields } from "./volume-validation.ts";

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
  Object.fromEntries(Object.entries(spec).filter(([field, value]) => !PLAIN_FIELDS.has(field) && value !== undefined));

function defaultPersistentVolume(volume: Mutable<PersistentVolume>): void {
  volume.spec ??= {};
  volume.status ??= {};
  volume.status.phase ||= "Pending";
  volume.spec.persistentVolumeReclaimPolicy ||= "Retain";
  volume.spec.volumeMode ??= "Filesystem";
  if (volume.spec.hostPath !== undefined) volume.spec.hostPath.type ??= "";
  defaultNetworkVolume(volume.spec as Parameters<typeof defaultNetworkVolume>[0]);
}

/** A PersistentVolume's spec, also where an attachment brings its own. */
export function checkVolumeSpec(errors: Errors, path: string, spec: PersistentVolumeSpec, isInline = false): void {
  const modes = spec.accessModes ?? [];
  if (modes.length === 0) errors.push(fieldError.required(`${path}.accessModes`));
  for (const mode of modes) checkOptionalEnum(errors, `${path}.accessModes`, mode, ACCESS_MODES);
  if (modes.includes("ReadWriteOncePod") && modes.some((mode) => mode !== "ReadWriteOncePod")) {
    const why = "may not use ReadWriteOncePod with other access modes";
    errors.push(fieldError.forbidden(`${path}.accessModes`, why));
  }
  if (isInline) {
    for (const field of ["capacity", "claimRef", "persistentVolumeReclaimPolicy", "nodeAffinity"] as const) {
      if (spec[field] !== undefined) {
        errors.push(fieldError.forbidden(`${path}.${field}`, "may not be specified in the context of inline volumes"));
      }
    }
    if (spec.csi === undefined) {
      errors.push(fieldError.required(`${path}.csi`, "must specify csi in the context of inline volumes"));
    }
  } else checkCapacity(errors, `${path}.capacity`, spec.capacity ?? {});
  const policies = ["Delete", "Recycle", "Retain"];
  const policy = spec.persistentVolumeReclaimPolicy;
  checkOptionalEnum(errors, `${path}.persistentVolumeReclaimPolicy`, policy, policies);
  if (spec.nodeAffinity !== undefined) {
    const at = `${path}.nodeAffinity.required`;
    if (spec.nodeAffinity.required === undefined) {
      errors.push(fieldError.required(at, "must specify required node constraints"));
    } else checkNodeSelector(errors, at, spec.nodeAffinity.required);
  }
  checkVolumeSource(errors, path, spec);
  if (spec.hostPath?.path?.replace(/\/+$/, "") === "" && policy === "Recycle") {
    const why = "may not be 'recycle' for a hostPath mount of '/'";
    errors.push(fieldError.forbidden(`${path}.persistentVolumeReclaimPolicy`, why));
  }
  if (spec.storageClassName) {
    addInvalid(errors, `${path}.storageClassName`, spec.storageClassName, checkDnsSubdomain(spec.storageClassName));
  }
  checkOptionalEnum(errors, `${path}.volumeMode`, spec.volumeMode, ["Block", "Filesystem"]);
  checkAttributes(errors, path, spec);
}

function checkCapacity(errors: Errors, path: string, capacity: Readonly<Record<string, string>>): void {
  const names = Object.keys(capacity);
  if (names.length === 0) errors.push(fieldError.required(path));
  else if (capacity["storage"] === undefined || names.length > 1) {
    errors.push(fieldError.notSupported(path, capacity, ["storage"]));
  }
  for (const name of names) {
    const amount = capacity[name] as string;
    if (amount.startsWith("-")) {
      errors.push(fieldError.invalid(`${path}[${name}]`, amount, "must be a valid resource quantity"));
    }
    if (compareQuantities(amount, "0") <= 0) {
      errors.push(fieldError.invalid(`${path}[${name}]`, amount, "must be greater than zero"));
    }
  }
}

function checkVolumeSource(errors: Errors, path: string, spec: PersistentVolumeSpec): void {
  const source = sourceOf(spec);
  const [first, ...extra] = Object.keys(source);
  if (first === undefined) errors.push(fieldError.required(path, "must specify a volume type"));
  for (const each of extra) {
    errors.push(fieldError.forbidden(`${path}.${each}`, "may not specify more than 1 volume type"));
  }
  if (first !== undefined) checkSourceFields(errors, `${path}.${first}`, first, source[first] as object);
  if (spec.local !== undefined) {
    if (spec.local.path) checkInnerSteps(errors, `${path}.local.path`, spec.local.path);
    if (spec.nodeAffinity?.required === undefined) {
      errors.push(fieldError.required(`${path}.nodeAffinity`, "Local volume requires node affinity"));
    }
  }
  if (spec.csi !== undefined) {
    checkDriverName(errors, `${path}.csi.driver`, spec.csi.driver);
    if (!spec.csi.volumeHandle) errors.push(fieldError.required(`${path}.csi.volumeHandle`));
  }
}

const checkInnerSteps = (errors: Errors, path: string, value: string): void => {
  if (value.split("/").includes("..")) errors.push(fieldError.invalid(path, value, "must not contain '..'"));
};

function checkAttributes(errors: Errors, path: string, spec: PersistentVolumeSpec): void {
  const { volumeAttributesClassName: name } = spec;
  if (name === undefined) return;
  const at = `${path}.volumeAttributesClassName`;
  if (name === "") errors.push(fieldError.required(at, "an empty string is disallowed"));
  else addInvalid(errors, at, name, checkDnsSubdomain(name));
  if (spec.csi === undefined) {
    errors.push(fieldError.required(`${path}.csi`, "has to be specified when using volumeAttributesClassName"));
  }
}

function validate(volume: PersistentVolume): Errors {
  const errors: Errors = [];
  checkVolumeSpec(errors, "spec", volume.spec ?? {});
  return errors;
}

/** The paths without "spec" are upstream's. */
function validateUpdate(volume: PersistentVolume, old: PersistentVolume): Errors {
  const errors = validate(volume);
  if (!semanticEqual(comparable(volume.spec, old.spec), sourceOf(old.spec))) {
    errors.push(
      fieldError.forbidden("spec.persistentvolumesource", "spec.persistentvolumesource is immutable after creation"),
    );
  }
  checkImmutable(errors, "volumeMode", volume.spec.volumeMode, old.spec.volumeMode);
  if (old.spec.nodeAffinity !== undefined) {
    checkImmutable(errors, "nodeAffinity", volume.spec.nodeAffinity, old.spec.nodeAffinity);
  }
  return errors;
}

/** A secret for expansion may come later. */
function comparable(spec: PersistentVolumeSpec, old: PersistentVolumeSpec): Record<string, unknown> {
  const source = sourceOf(spec);
  if (spec.csi === undefined || old.csi === undefined || old.csi.controllerExpandSecretRef !== undefined) return source;
  const { controllerExpandSecretRef: _, ...csi } = spec.csi;
  return { ...source, csi };
}

const timestamp = (): string => `${new Date().toISOString().slice(0, 19)}Z`;
const status = separateStatus<PersistentVolume>(() => ({ phase: "Pending", lastPhaseTransitionTime: timestamp() }));

const claimOf = (v: PersistentVolume): string =>
  v.spec?.claimRef === undefined ? "" : `${v.spec.claimRef.namespace}/${v.spec.claimRef.name}`;
const phaseOf = (v: PersistentVolume): string =>
  v.metadata.deletionTimestamp === undefined ? (v.status?.phase ?? "") : "Terminating";

export const persistentVolumeStrategy = strategyOf<PersistentVolume>({
  ...status,
  defaults: defaultPersistentVolume,
  warnings: volumeWarnings,
  prepareForStatusUpdate: (volume, old) => {
    if (volume.status?.phase === old.status?.phase) return;
    const kept = volume.status?.lastPhaseTransitionTime === old.status?.lastPhaseTransitionTime;
    volume.status = { ...volume.status, ...(kept ? { lastPhaseTransitionTime: timestamp() } : {}) };
  },
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
