import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { semanticEqual } from "../equal.ts";
import { addInvalid, type Errors } from "../field-checks.ts";
import { checkConfigKey } from "../names.ts";
import { strategyOf } from "../strategy-of.ts";
import type { ConfigMap } from "../types/core-v1.ts";

/** Of all values together, in ConfigMaps and in Secrets. */
export const MAX_DATA_BYTES = 1024 * 1024;
export const IMMUTABLE_DATA = "field is immutable when `immutable` is set";
export const decodedLength = (base64: string): number => Buffer.byteLength(base64, "base64");

function validate(map: ConfigMap): Errors {
  const errors: Errors = [];
  let size = 0;
  for (const key in map.data) {
    addInvalid(errors, `data[${key}]`, key, checkConfigKey(key));
    if (map.binaryData !== undefined && Object.hasOwn(map.binaryData, key)) {
      errors.push(fieldError.invalid(`data[${key}]`, key, "duplicate of key present in binaryData"));
    }
    size += Buffer.byteLength(map.data[key] as string);
  }
  for (const key in map.binaryData) {
    addInvalid(errors, `binaryData[${key}]`, key, checkConfigKey(key));
    size += decodedLength(map.binaryData[key] as string);
  }
  if (size > MAX_DATA_BYTES) errors.push(fieldError.tooLong("", MAX_DATA_BYTES));
  return errors;
}

function validateUpdate(map: ConfigMap, old: ConfigMap): Errors {
  const errors: Errors = [];
  if (old.immutable === true) {
    if (map.immutable !== true) errors.push(fieldError.forbidden("immutable", IMMUTABLE_DATA));
    for (const field of ["data", "binaryData"] as const) {
      if (!semanticEqual(map[field], old[field])) errors.push(fieldError.forbidden(field, IMMUTABLE_DATA));
    }
  }
  return [...errors, ...validate(map)];
}

export const configMapStrategy = strategyOf<ConfigMap>({
  validate,
  validateUpdate,
  columns: [
    nameColumn,
    column(
      "Data",
      "Number of entries",
      (m: ConfigMap) => Object.keys(m.data ?? {}).length + Object.keys(m.binaryData ?? {}).length,
    ),
    ageColumn,
  ],
});
