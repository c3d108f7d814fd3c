import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { addInvalid, type Errors } from "../field-checks.ts";
import { checkQualifiedName } from "../names.ts";
import { strategyOf } from "../strategy-of.ts";
import type { Namespace } from "../types/core-v1.ts";

/**
 * A namespace ends in two steps: a delete makes it Terminating, the namespace controller empties it and takes
 * "kubernetes" off spec.finalizers through /finalize; only then the object goes.
 */
export const NAMESPACE_FINALIZER = "kubernetes";

function validate(namespace: Namespace): Errors {
  const errors: Errors = [];
  for (const finalizer of namespace.spec.finalizers ?? []) checkFinalizer(errors, "spec.finalizers", finalizer);
  return errors;
}

const STANDARD_FINALIZERS = [NAMESPACE_FINALIZER, "orphan", "foregroundDeletion"];

/** "domain/name", or one of those that Kubernetes itself knows. */
function checkFinalizer(errors: Errors, path: string, finalizer: string): void {
  addInvalid(errors, path, finalizer, checkQualifiedName(finalizer));
  if (!finalizer.includes("/") && !STANDARD_FINALIZERS.includes(finalizer)) {
    const why = "name is neither a standard finalizer name nor is it fully qualified";
    errors.push(fieldError.invalid(path, finalizer, why));
  }
}

/** What /finalize is checked for. */
export function validateNamespaceFinalizers(namespace: Namespace): Errors {
  const errors: Errors = [];
  for (const [i, finalizer] of (namespace.spec.finalizers ?? []).entries()) {
    checkFinalizer(errors, `spec.finalizers[${i}]`, finalizer);
  }
  return errors;
}

/** The phase says whether the namespace is going, and nothing else does. */
function validateStatusUpdate(namespace: Namespace): Errors {
  const isGoing = namespace.metadata.deletionTimestamp !== undefined;
  const phase = namespace.status?.phase ?? "";
  if (phase === (isGoing ? "Terminating" : "Active")) return [];
  const why = isGoing
    ? "may only be 'Terminating' if `deletionTimestamp` is not empty"
    : "may only be 'Active' if `deletionTimestamp` is empty";
  return [fieldError.invalid("status.Phase", phase, why)];
}

export const namespaceStrategy = strategyOf<Namespace>({
  validate,
  validateUpdate: () => [],
  validateStatusUpdate,
  nameRule: "dns-label",
  defaults: (namespace) => {
    namespace.spec ??= {};
    // Lets selectors name namespaces (KEP-2161).
    if (namespace.metadata.name) {
      namespace.metadata.labels = {
        ...namespace.metadata.labels,
        "kubernetes.io/metadata.name": namespace.metadata.name,
      };
    }
    namespace.status ??= {};
    namespace.status.phase ||= "Active";
  },
  prepareForCreate: (namespace) => {
    namespace.status = { phase: "Active" };
    const finalizers = namespace.spec?.finalizers ?? [];
    namespace.spec = {
      finalizers: finalizers.includes(NAMESPACE_FINALIZER) ? finalizers : [...finalizers, NAMESPACE_FINALIZER],
    };
  },
  prepareForUpdate: (namespace, old) => {
    namespace.spec = structuredClone(old.spec ?? {}) as NonNullable<typeof namespace.spec>;
    namespace.status = structuredClone(old.status ?? {}) as NonNullable<typeof namespace.status>;
  },
  selectableFields: { "status.phase": (namespace) => namespace.status?.phase ?? "" },
  columns: [nameColumn, column("Status", "Phase of its life", (n: Namespace) => n.status?.phase), ageColumn],
});
