import { fieldError, invalid } from "#pkg/errors/index.ts";
import type { RequestContext } from "../types.ts";

export type FieldValidation = "Ignore" | "Warn" | "Strict";

/** Query parameters of writes. */
export interface WriteOptions {
  readonly dryRun: boolean;
  readonly fieldValidation: FieldValidation;
}

/** @throws 422 for values that do not exist; `kind` is "CreateOptions", "UpdateOptions" or "PatchOptions" */
export function writeOptions(context: RequestContext, kind: string): WriteOptions {
  if (context.query.size === 0) return DEFAULTS;
  const errors = [];
  const dryRun = context.query.getAll("dryRun").filter((value) => value !== "");
  if (dryRun.some((value) => value !== "All"))
    errors.push(
      fieldError.notSupported(
        "dryRun",
        dryRun.find((value) => value !== "All"),
        ["All"],
      ),
    );
  const validation = context.query.get("fieldValidation") ?? "Warn";
  if (validation !== "Ignore" && validation !== "Warn" && validation !== "Strict")
    errors.push(fieldError.notSupported("fieldValidation", validation, ["Ignore", "Strict", "Warn"]));
  if (errors.length > 0) throw invalid("meta.k8s.io", kind, "", errors);
  return { dryRun: dryRun.length > 0, fieldValidation: validation as FieldValidation };
}

const DEFAULTS: WriteOptions = { dryRun: false, fieldValidation: "Warn" };
