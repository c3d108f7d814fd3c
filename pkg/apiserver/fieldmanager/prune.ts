import type { ResourceDefinition } from "#pkg/api/definition.ts";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import { namedFieldsOf, withNamedFields } from "./fields-of.ts";
import { difference, type FieldSet, intersection, isEmpty, unionOf } from "./field-set.ts";
import type { FieldType } from "./field-type.ts";
import type { Managed } from "./managed-fields.ts";
import { removeItems } from "./remove-items.ts";
import type { Convert } from "./versions.ts";

/** How the field manager sees an object in another version. */
export interface Versions {
  /** Undefined when the version is not served. */
  find(apiVersion: string): ResourceDefinition | undefined;
  readonly convert: Convert;
  /** Whole objects of a version, metadata and status included. */
  type(definition: ResourceDefinition): FieldType;
}

/**
 * Takes out of a merged object what its applier had applied before, applies no more, and no other applier has. What
 * nobody owned, or only writers of other verbs, stays. `managed` holds the applier's new set.
 */
export function prune(
  versions: Versions,
  definition: ResourceDefinition,
  merged: KubeObject,
  last: Managed,
  managed: readonly Managed[],
): KubeObject {
  const lastDefinition = versions.find(last.manager.apiVersion);
  if (lastDefinition === undefined) return merged;
  const lastType = versions.type(lastDefinition);
  const before = versions.convert(merged, definition, lastDefinition);
  const lastSet = withNamedFields(lastType, last.set);
  const namedBefore = namedFieldsOf(lastType, before);
  let pruned = objectOf(removeItems(lastType, before, lastSet), before);
  let prunedAt = lastDefinition;
  for (const [apiVersion, owned] of appliedByVersion(managed)) {
    const at = versions.find(apiVersion);
    if (at === undefined) continue;
    const type = versions.type(at);
    const all = versions.convert(before, lastDefinition, at);
    const left = versions.convert(pruned, prunedAt, at);
    const namedAll = at === lastDefinition ? namedBefore : namedFieldsOf(type, all);
    const gone = difference(difference(namedAll, namedFieldsOf(type, left)), withNamedFields(type, owned));
    pruned = objectOf(removeItems(type, all, gone), all);
    prunedAt = at;
  }
  const left = versions.convert(pruned, prunedAt, lastDefinition);
  if (left === before) return merged;
  const gone = intersection(difference(namedBefore, namedFieldsOf(lastType, left)), lastSet);
  if (isEmpty(gone)) return merged;
  return versions.convert(objectOf(removeItems(lastType, before, gone), before), lastDefinition, definition);
}

function appliedByVersion(managed: readonly Managed[]): Map<string, FieldSet> {
  const applied = managed.filter(({ manager }) => manager.operation === "Apply");
  const byVersion = Map.groupBy(applied, ({ manager }) => manager.apiVersion);
  return new Map(Array.from(byVersion, ([apiVersion, each]) => [apiVersion, unionOf(each.map(({ set }) => set))]));
}

/** Names stay whatever is taken out. */
function objectOf(value: unknown, was: KubeObject): KubeObject {
  const object = (value ?? {}) as KubeObject;
  return object.metadata === undefined ? { ...object, metadata: { ...was.metadata, labels: {} } } : object;
}
