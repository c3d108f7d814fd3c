// Rules of the files that volumes are filled with.
import { fieldError } from "#pkg/errors/index.ts";
import type { Errors } from "../field-checks.ts";
import type { DownwardAPIVolumeFile, KeyToPath } from "../types/core-v1.ts";
import { checkInnerPath } from "./container-validation.ts";
import { checkFieldRef, checkResourceFieldRef, VOLUME_FIELD_PATHS } from "./env-validation.ts";

const MODE = "must be a number between 0 and 0777 (octal), both inclusive";

export function checkMode(errors: Errors, path: string, mode: number | undefined): void {
  if (mode !== undefined && (mode < 0 || mode > 0o777)) errors.push(fieldError.invalid(path, mode, MODE));
}

export function checkItems(errors: Errors, path: string, items: readonly KeyToPath[] | undefined): void {
  for (const [i, item] of (items ?? []).entries()) {
    const at = `${path}[${i}]`;
    if (!item.key) errors.push(fieldError.required(`${at}.key`));
    checkFilePath(errors, `${at}.path`, item.path);
    checkMode(errors, `${at}.mode`, item.mode);
  }
}

/** Where a file lies in its volume. */
export function checkFilePath(errors: Errors, path: string, file: string | undefined): void {
  if (!file) errors.push(fieldError.required(path));
  else {
    checkInnerPath(errors, path, file);
    // Names that begin with two dots are the volume's own (its atomic writer's).
    if (file.startsWith("..") && !file.split("/").includes("..")) {
      errors.push(fieldError.invalid(path, file, "must not start with '..'"));
    }
  }
}

/** Of the downward API. `path` is that of the source: upstream does not say which item it is. */
export function checkFiles(errors: Errors, path: string, items: readonly DownwardAPIVolumeFile[] | undefined): void {
  for (const item of items ?? []) {
    checkFilePath(errors, `${path}.path`, item.path);
    if (item.fieldRef !== undefined) {
      checkFieldRef(errors, `${path}.fieldRef`, item.fieldRef, VOLUME_FIELD_PATHS);
      if (item.resourceFieldRef !== undefined) {
        errors.push(
          fieldError.invalid(path, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously"),
        );
      }
    } else if (item.resourceFieldRef !== undefined) {
      checkResourceFieldRef(errors, `${path}.resourceFieldRef`, item.resourceFieldRef, true);
    } else errors.push(fieldError.required(path, "one of fieldRef and resourceFieldRef is required"));
    checkMode(errors, `${path}.mode`, item.mode);
  }
}
