import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { checkImmutable, checkNotNegative, type Errors } from "../field-checks.ts";
import { strategyOf } from "../strategy-of.ts";
import type { ControllerRevision } from "../types/apps-v1.ts";

function validate(revision: ControllerRevision): Errors {
  const errors: Errors = [];
  if (revision.data === undefined) errors.push(fieldError.required("data", "data is mandatory"));
  checkNotNegative(errors, "revision", revision.revision);
  return errors;
}

function controllerOf(revision: ControllerRevision): string {
  const owner = revision.metadata.ownerReferences?.find((o) => o.controller === true);
  if (owner === undefined) return "<none>";
  const group = owner.apiVersion.includes("/") ? `.${owner.apiVersion.split("/")[0]}` : "";
  return `${owner.kind.toLowerCase()}${group}/${owner.name}`;
}

export const controllerRevisionStrategy = strategyOf<ControllerRevision>({
  validate,
  validateUpdate: (revision, old) => {
    const errors = validate(revision);
    checkImmutable(errors, "data", revision.data, old.data);
    return errors;
  },
  columns: [
    nameColumn,
    column("Controller", "Object it is a revision of", controllerOf),
    column("Revision", "Its number", (r: ControllerRevision) => r.revision ?? 0),
    ageColumn,
  ],
});
