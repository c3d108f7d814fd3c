import { DEDUCED, type FieldType } from "./field-type.ts";
import { type FieldSet, type FieldSetDraft, isEmpty, LEAF, SELF } from "./field-set.ts";

/**
 * The set where its schema has changed since: who owned parts of what is atomic now owns it as a whole. The other way
 * round nothing can be known, as upstream documents. Itself where nothing changed.
 */
export function reconciled(type: FieldType, set: FieldSet): FieldSet {
  if (isEmpty(set) || type.kind === "deduced") return set;
  if (type.kind === "leaf") return LEAF;
  let out: FieldSetDraft | undefined;
  for (const key in set) {
    if (key === SELF) continue;
    const child = set[key] as FieldSet;
    const below = reconciled(typeBelow(type, key), child);
    if (below !== child) (out ??= { ...set })[key] = below;
  }
  return out ?? set;
}

function typeBelow(type: FieldType, element: string): FieldType {
  if (type.kind === "list") return type.element;
  if (type.kind !== "map") return DEDUCED;
  return type.fields.get(element.slice(2)) ?? type.element ?? DEDUCED;
}
