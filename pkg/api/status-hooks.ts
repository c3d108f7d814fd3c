import type { Mutable } from "./resource-ref.ts";

interface WithStatus {
  readonly status?: object;
}
interface StatusHooks<T> {
  readonly prepareForCreate: (object: Mutable<T>) => void;
  readonly prepareForUpdate: (object: Mutable<T>, old: T) => void;
}

/** For kinds whose status clients write through /status only: a new object begins with `initial`, an update keeps it. */
export function separateStatus<T extends WithStatus>(initial: () => Mutable<NonNullable<T["status"]>>): StatusHooks<T> {
  return {
    prepareForCreate: (object) => {
      (object as { status?: unknown }).status = initial();
    },
    prepareForUpdate: (object, old) => {
      (object as { status?: unknown }).status = structuredClone(old.status ?? initial());
    },
  };
}

/** Upstream's ResetObjectMetaForStatus: a write of status leaves labels, annotations, finalizers and owners alone. */
export function keepMetadata(object: { metadata: object }, old: { readonly metadata: object }): void {
  const now = object.metadata as Record<string, unknown>;
  const was = old.metadata as Record<string, unknown>;
  for (const field of ["labels", "annotations", "finalizers", "ownerReferences"]) {
    if (was[field] === undefined) delete now[field];
    else now[field] = structuredClone(was[field]);
  }
}
