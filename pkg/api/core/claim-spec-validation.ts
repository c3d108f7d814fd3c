import { fieldError } from "#pkg/errors/index.ts";
import { semanticEqual } from "../equal.ts";
import { addInvalid, checkLabelSelector, checkOptionalEnum, type Errors } from "../field-checks.ts";
import { checkDnsLabel, checkDnsSubdomain } from "../names.ts";
import { compareQuantities } from "../quantity.ts";
import type { PersistentVolumeClaimSpec as Spec } from "../types/core-v1.ts";
import { ACCESS_MODES } from "./access-modes.ts";

/** What a claim asks for, its own or one that a pod's volume brings along. */
export function checkClaimSpec(errors: Errors, path: string, spec: Spec): void {
  const modes = spec.accessModes ?? [];
  if (modes.length === 0) errors.push(fieldError.required(`${path}.accessModes`, "at least 1 access mode is required"));
  checkLabelSelector(errors, `${path}.selector`, spec.selector);
  for (const mode of modes) checkOptionalEnum(errors, `${path}.accessModes`, mode, ACCESS_MODES);
  if (modes.includes("ReadWriteOncePod") && modes.some((mode) => mode !== "ReadWriteOncePod")) {
    const why = "may not use ReadWriteOncePod with other access modes";
    errors.push(fieldError.forbidden(`${path}.accessModes`, why));
  }
  const storage = spec.resources?.requests?.storage;
  if (storage === undefined) errors.push(fieldError.required(`${path}.resources[storage]`));
  else if (compareQuantities(storage, "0") <= 0) {
    errors.push(fieldError.invalid(`${path}.resources[storage]`, storage, "must be greater than zero"));
  }
  if (spec.storageClassName) {
    addInvalid(errors, `${path}.storageClassName`, spec.storageClassName, checkDnsSubdomain(spec.storageClassName));
  }
  checkOptionalEnum(errors, `${path}.volumeMode`, spec.volumeMode, ["Block", "Filesystem"]);
  for (const field of ["dataSource", "dataSourceRef"] as const) {
    if (spec[field] !== undefined) checkDataSource(errors, `${path}.${field}`, spec[field]);
  }
  const { volumeAttributesClassName: attributes } = spec;
  if (attributes) addInvalid(errors, `${path}.volumeAttributesClassName`, attributes, checkDnsSubdomain(attributes));
  const { dataSource, dataSourceRef } = spec;
  if (dataSource === undefined || dataSourceRef === undefined) return;
  if (dataSourceRef.namespace) {
    const why = "may not be specified when dataSourceRef.namespace is specified";
    errors.push(fieldError.invalid(path, `${path}.dataSource`, why));
  } else if (!semanticEqual(dataSource, dataSourceRef)) {
    errors.push(fieldError.invalid(path, `${path}.dataSource`, "must match dataSourceRef"));
  }
}

function checkDataSource(errors: Errors, path: string, source: NonNullable<Spec["dataSourceRef"]>): void {
  if (!source.name) errors.push(fieldError.required(`${path}.name`));
  if (!source.kind) errors.push(fieldError.required(`${path}.kind`));
  const group = source.apiGroup ?? "";
  if (group === "" && source.kind !== "PersistentVolumeClaim") {
    const why = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
    errors.push(fieldError.invalid(path, source.kind, why));
  }
  if (group !== "") addInvalid(errors, `${path}.apiGroup`, group, checkDnsSubdomain(group));
  if (source.namespace) {
    addInvalid(errors, `${path}.namespace`, source.namespace, checkDnsLabel(source.namespace));
  }
}
