import type { ResourceDefinition } from "#pkg/api/definition.ts";
import { apiVersionOf, type KubeObject } from "#pkg/api/resource-ref.ts";
import type { ManagedFieldsEntry } from "#pkg/api/types/meta-v1.ts";
import { compare, isSameValue } from "./compare.ts";
import { type Conflict, conflictError } from "./conflict.ts";
import { type ChangeIn, type FieldManager, lossesIn, partOf, without } from "./field-manager.ts";
import { fieldsOf, ownedIn } from "./fields-of.ts";
import {
  difference,
  type FieldSet,
  hasPath,
  intersection,
  isEmpty,
  isSameSet,
  LEAF,
  leavesOf,
  union,
} from "./field-set.ts";
import { KUBECTL, keepLastApplied, takenFromLastApplied } from "./last-applied.ts";
import { decodeManaged, encodeManaged, isSameManager, type Managed, type Manager } from "./managed-fields.ts";
import { merge } from "./merge.ts";
import { prune, type Versions } from "./prune.ts";
import { type Convert, withConversions } from "./versions.ts";

export interface ApplyRequest<T extends KubeObject> {
  readonly definition: ResourceDefinition;
  /** Undefined when there is no object yet. Without resourceVersion. */
  readonly live: KubeObject | undefined;
  /** As parsed; kind, apiVersion and managedFields were looked at. */
  readonly config: object;
  readonly manager: string;
  readonly subresource: string;
  readonly force: boolean;
  readonly time: string;
  /** Brings a merged object into the form in which live objects are. */
  readonly decode: (merged: unknown) => T;
}

export interface Applied<T> {
  readonly object: T;
  readonly managedFields: readonly ManagedFieldsEntry[] | undefined;
}

/**
 * Server-side apply: lays the configuration over the live object, takes out what the applier no longer applies, and
 * says who owns what afterwards. Waits only where a webhook converts. @throws TypedError, 409 with the fields that others own with other values
 */
export function applyConfiguration<T extends KubeObject>(
  fields: FieldManager,
  request: ApplyRequest<T>,
): Applied<T> | Promise<Applied<T>> {
  return withConversions((convert) => applied(fields, request, convert));
}

function applied<T extends KubeObject>(fields: FieldManager, request: ApplyRequest<T>, convert: Convert): Applied<T> {
  const { definition, live, config, time, subresource } = request;
  const part = partOf(definition, subresource);
  const whole = fields.types.of(definition, "all");
  const manager: Manager = {
    name: request.manager,
    operation: "Apply",
    apiVersion: apiVersionOf(definition),
    subresource,
  };
  const before = live === undefined ? [] : ownersOf(fields, definition, live, time, subresource);
  // Checked against the whole type; what the subresource cannot change belongs to nobody by it.
  const own: Managed = {
    manager,
    set: ownedIn(fields.types.of(definition, part), fieldsOf(whole, config, true)),
    time,
  };
  const last = before.find((each) => isSameManager(each.manager, manager));
  const others = before.filter((each) => each !== last);
  const start = live ?? ({ metadata: {} } as KubeObject);
  const { managedFields: _managed, ...metadata } = start.metadata;
  const merged = merge(whole, { ...start, metadata }, config) as KubeObject;
  const pruned =
    last === undefined || isEmpty(difference(last.set, own.set))
      ? merged
      : prune(versionsOf(fields, definition, convert), definition, merged, last, [...others, own]);
  const object = request.decode(pruned);
  delete (object.metadata as { managedFields?: unknown }).managedFields;
  const comparison = compare(fields.types.of(definition, part), start, object) ?? {};
  const changeIn = fields.changeIn({ definition, old: start, now: object, part, comparison, convert });
  if (!request.force) checkConflicts(request, fields, others, changeIn);
  const subtractIn = lossesIn(changeIn);
  const after = others.flatMap((each) => {
    const subtract = subtractIn(each.manager.apiVersion);
    return subtract === undefined ? [] : [without(each, subtract)];
  });
  const isSame = last !== undefined && isSameSet(last.set, own.set) && last.manager.apiVersion === manager.apiVersion;
  if (request.manager === KUBECTL) keepLastApplied(object, config);
  // An apply that changes nothing keeps the time of the one before.
  const keepsLast = isSame && live !== undefined && isSameValue(withoutManagers(live), withoutManagers(object));
  after.push(keepsLast ? last : own);
  return { object, managedFields: encodeManaged(after) };
}

/** Who owns what of a live object. Whatever was there before the first apply belongs to a manager of that name. */
function ownersOf(
  fields: FieldManager,
  definition: ResourceDefinition,
  live: KubeObject,
  time: string,
  subresource: string,
): readonly Managed[] {
  const managed = fields.owners(definition, decodeManaged(live.metadata.managedFields) ?? []);
  if (managed.length > 0) return managed;
  const part = partOf(definition, subresource);
  const { added = LEAF } = compare(fields.types.of(definition, part), { metadata: {} }, live) ?? {};
  if (isEmpty(added)) return [];
  const apiVersion = apiVersionOf(definition);
  return [{ manager: { name: "before-first-apply", operation: "Update", apiVersion, subresource }, set: added, time }];
}

/** @throws 409 */
function checkConflicts<T extends KubeObject>(
  request: ApplyRequest<T>,
  fields: FieldManager,
  others: readonly Managed[],
  changeIn: ChangeIn,
): void {
  let conflicts: Conflict[] = [];
  for (const { manager, set, time } of others) {
    const { added = LEAF, modified = LEAF } = changeIn(manager.apiVersion) ?? {};
    for (const path of leavesOf(intersection(set, union(modified, added)))) conflicts.push({ manager, time, path });
  }
  if (conflicts.length === 0) return;
  const { definition, live } = request;
  if (request.manager === KUBECTL && live !== undefined) {
    const type = fields.types.of(definition, partOf(definition, request.subresource));
    const taken: FieldSet = takenFromLastApplied(type, live, apiVersionOf(definition)) ?? LEAF;
    conflicts = conflicts.filter(({ path }) => !hasPath(taken, path));
    if (conflicts.length === 0) return;
  }
  throw conflictError(conflicts);
}

function versionsOf(fields: FieldManager, definition: ResourceDefinition, convert: Convert): Versions {
  return {
    find: (apiVersion) => fields.find(definition, apiVersion),
    convert,
    type: (of) => fields.types.of(of, "all"),
  };
}

function withoutManagers(object: KubeObject): object {
  const { managedFields: _managed, resourceVersion: _revision, ...metadata } = object.metadata;
  return { ...object, metadata };
}
