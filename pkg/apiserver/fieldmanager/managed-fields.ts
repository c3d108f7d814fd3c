import type { ManagedFieldsEntry } from "#pkg/api/types/meta-v1.ts";
import { type FieldSet, inOrder, isEmpty, LEAF, union } from "./field-set.ts";
import { isElement } from "./path-element.ts";

/** More managers than this that write by other verbs than apply are folded into one. */
const MAX_UPDATE_MANAGERS = 10;
const ANCIENT = "ancient-changes";

/** Who writes, and through what. */
export interface Manager {
  readonly name: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  /** "" for the object itself. */
  readonly subresource: string;
}

/** One manager and what it owns. */
export interface Managed {
  readonly manager: Manager;
  readonly set: FieldSet;
  readonly time: string | undefined;
  /** As it was read, where it is unchanged. */
  readonly entry?: ManagedFieldsEntry;
}

/** Two entries of one manager; of an applier in any version. */
export function isSameManager(a: Manager, b: Manager): boolean {
  return (
    a.operation === b.operation &&
    a.name === b.name &&
    a.subresource === b.subresource &&
    (a.operation === "Apply" || a.apiVersion === b.apiVersion)
  );
}

/** Undefined when an entry is not valid: all are ignored then, as upstream does. */
export function decodeManaged(entries: readonly ManagedFieldsEntry[] | undefined): Managed[] | undefined {
  const out: Managed[] = [];
  for (const entry of entries ?? []) {
    const { manager: name = "", operation, apiVersion = "", subresource = "", time, fieldsType, fieldsV1 } = entry;
    if ((operation !== "Apply" && operation !== "Update") || apiVersion === "" || fieldsType !== "FieldsV1")
      return undefined;
    const set = (fieldsV1 ?? LEAF) as FieldSet;
    if (!isFieldSet(set, 0)) return undefined;
    out.push({ manager: { name, operation, apiVersion, subresource }, set, time, entry });
  }
  return out;
}

const MAX_DEPTH = 1_000;

function isFieldSet(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value) || depth > MAX_DEPTH) return false;
  for (const key in value)
    if (!(key === "." || isElement(key)) || !isFieldSet((value as Record<string, unknown>)[key], depth + 1))
      return false;
  return true;
}

/** A list that is there but empty, or holds one entry that is: the caller wants the ownership forgotten. */
export function isReset(entries: readonly ManagedFieldsEntry[] | undefined): boolean {
  if (entries === undefined) return false;
  if (entries.length === 0) return true;
  return entries.length === 1 && isEmpty(entries[0] as FieldSet);
}

/** The entries to be stored, in upstream's order; undefined when nobody owns anything. */
export function encodeManaged(managed: readonly Managed[]): ManagedFieldsEntry[] | undefined {
  const entries: ManagedFieldsEntry[] = [];
  for (const each of managed) if (!isEmpty(each.set)) entries.push(each.entry ?? encodeEntry(each));
  return entries.length === 0 ? undefined : entries.sort(compareEntries);
}

function encodeEntry({ manager, set, time }: Managed): ManagedFieldsEntry {
  const { name, operation, apiVersion, subresource } = manager;
  return {
    ...(name === "" ? {} : { manager: name }),
    operation,
    apiVersion,
    ...(time === undefined ? {} : { time }),
    fieldsType: "FieldsV1",
    fieldsV1: inOrder(set),
    ...(subresource === "" ? {} : { subresource }),
  };
}

/** Appliers first, then the older before the newer. Times are canonical, so text orders them. */
function compareEntries(a: ManagedFieldsEntry, b: ManagedFieldsEntry): number {
  return (
    compareTexts(a.operation, b.operation) ||
    compareTexts(a.time, b.time) ||
    compareTexts(a.manager, b.manager) ||
    compareTexts(a.apiVersion, b.apiVersion) ||
    compareTexts(a.subresource, b.subresource)
  );
}

function compareTexts(a = "", b = ""): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Folds the oldest updates of a version into one entry, until there are no more of them than are kept. */
export function capManaged(managed: readonly Managed[]): readonly Managed[] {
  const updates = managed.filter(({ manager }) => manager.operation === "Update");
  let left = updates.length;
  if (left <= MAX_UPDATE_MANAGERS) return managed;
  const kept = new Set(managed);
  const first = new Map<string, Managed>();
  updates.sort((a, b) => compareTexts(a.time, b.time) || compareTexts(a.manager.name, b.manager.name));
  for (const each of updates) {
    if (left <= MAX_UPDATE_MANAGERS) break;
    const { apiVersion } = each.manager;
    const bucket = first.get(apiVersion);
    if (bucket === undefined) {
      first.set(apiVersion, each);
      continue;
    }
    const manager: Manager = { name: ANCIENT, operation: "Update", apiVersion, subresource: "" };
    const folded: Managed = { manager, set: union(each.set, bucket.set), time: each.time };
    kept.delete(bucket);
    kept.delete(each);
    kept.add(folded);
    first.set(apiVersion, folded);
    left--;
  }
  return [...kept];
}
