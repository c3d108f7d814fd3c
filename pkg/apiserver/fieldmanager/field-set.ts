/**
 * Sets of field paths in the very form in which managedFields carries them (FieldsV1): a tree of path elements.
 *
 *   {"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:replicas":{}}}
 *
 * An empty node is a path of the set; a node that has children is one when it holds "." as well. The empty root is the
 * empty set. Sets are never changed: every function answers a new one, or an argument where that is the answer. No key
 * can be a name of Object's own, since all begin with "f:", "k:", "v:", "i:" or are ".".
 */
import { compareOrders, type Order, orderOf, sortElements } from "./path-element.ts";

export interface FieldSet {
  readonly [element: string]: FieldSet;
}

/** The set while it is made. */
export type FieldSetDraft = Record<string, FieldSet>;

export const SELF = ".";
/** A path of the set with nothing below; also the empty set. */
export const LEAF: FieldSet = Object.freeze({});

/** A node that is to be filled. */
export const draft = (member: boolean): FieldSetDraft => (member ? { [SELF]: LEAF } : {});

/** Takes as long as a node is wide, unless the node is a path itself. */
export function isEmpty(set: FieldSet): boolean {
  if (set === LEAF) return true;
  if (set[SELF] !== undefined) return false;
  for (const _ in set) return false;
  return true;
}

/** Whether the node itself is a path of the set. */
export const isMember = (node: FieldSet): boolean => node[SELF] !== undefined || isEmpty(node);

/** Paths of either. */
export const union = (a: FieldSet, b: FieldSet): FieldSet =>
  isEmpty(a) ? b : isEmpty(b) ? a : uniteChildren(a, b, false);

/** Paths of any of them; by halves, since each union costs what its sets hold. */
export function unionOf(sets: readonly FieldSet[]): FieldSet {
  if (sets.length <= 1) return sets[0] ?? LEAF;
  const middle = sets.length >>> 1;
  return union(unionOf(sets.slice(0, middle)), unionOf(sets.slice(middle)));
}

function uniteNodes(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(a)) return isEmpty(b) ? a : b[SELF] !== undefined ? b : { [SELF]: LEAF, ...b };
  if (isEmpty(b)) return a[SELF] === undefined ? { [SELF]: LEAF, ...a } : a;
  return uniteChildren(a, b, a[SELF] !== undefined || b[SELF] !== undefined);
}

function uniteChildren(a: FieldSet, b: FieldSet, member: boolean): FieldSet {
  let out: FieldSetDraft | undefined = member && a[SELF] === undefined ? { [SELF]: LEAF, ...a } : undefined;
  for (const key in b) {
    if (key === SELF) continue;
    const mine = a[key];
    const both = mine === undefined ? (b[key] as FieldSet) : uniteNodes(mine, b[key] as FieldSet);
    if (both === mine) continue;
    out ??= { ...a };
    out[key] = both;
  }
  return out ?? a;
}

/** Paths of `a` that are not in `b`. */
export const difference = (a: FieldSet, b: FieldSet): FieldSet =>
  isEmpty(a) || isEmpty(b) ? a : (subtractChildren(a, b, false, isEmpty) ?? LEAF);

/** `difference` of many sets from one: whether a wide node holds anything takes as long as it is wide, so it is asked once. */
export function subtracting(b: FieldSet): (a: FieldSet) => FieldSet {
  const known = new Map<FieldSet, boolean>();
  const isEmptyOnce = (node: FieldSet): boolean => {
    if (node === LEAF) return true;
    let empty = known.get(node);
    if (empty === undefined) known.set(node, (empty = isEmpty(node)));
    return empty;
  };
  return (a) => (isEmpty(a) || isEmptyOnce(b) ? a : (subtractChildren(a, b, false, isEmptyOnce) ?? LEAF));
}

function subtractNodes(a: FieldSet, b: FieldSet, isEmptyB: typeof isEmpty): FieldSet | undefined {
  const takesOne = isEmptyB(b);
  const loses = takesOne || b[SELF] !== undefined;
  if (isEmpty(a)) return loses ? undefined : a;
  if (takesOne) return a[SELF] === undefined ? a : withoutSelf(a);
  return subtractChildren(a, b, a[SELF] !== undefined && !loses, isEmptyB);
}

function withoutSelf(node: FieldSet): FieldSet {
  const { [SELF]: _self, ...rest } = node;
  return rest;
}

/**
 * `a` without what `b` holds below; undefined when nothing is left, `a` itself when nothing is lost. Each child is looked
 * at once: twice at each level would be two to the power of the depth.
 */
function subtractChildren(a: FieldSet, b: FieldSet, member: boolean, isEmptyB: typeof isEmpty): FieldSet | undefined {
  let out: FieldSetDraft | undefined = (a[SELF] !== undefined) === member ? undefined : draft(member);
  /** Children that are left. */
  let left = 0;
  for (const key in a) {
    if (key === SELF) continue;
    const child = a[key] as FieldSet;
    const other = b[key];
    const rest = other === undefined ? child : subtractNodes(child, other, isEmptyB);
    if (out === undefined && rest !== child) out = firstOf(a, left, member);
    if (rest === undefined) continue;
    if (out !== undefined) out[key] = rest;
    left++;
  }
  if (out === undefined) return a;
  return left > 0 ? out : member ? LEAF : undefined;
}

/** A node with the first children of another. */
function firstOf(a: FieldSet, count: number, member: boolean): FieldSetDraft {
  const out = draft(member);
  let left = count;
  for (const key in a) {
    if (key === SELF) continue;
    if (left-- === 0) break;
    out[key] = a[key] as FieldSet;
  }
  return out;
}

/** Paths of both. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  return (isEmpty(a) || isEmpty(b) ? undefined : intersectChildren(a, b, false)) ?? LEAF;
}

function intersectNodes(a: FieldSet, b: FieldSet): FieldSet | undefined {
  if (isEmpty(a)) return isMember(b) ? LEAF : undefined;
  if (isEmpty(b)) return a[SELF] !== undefined ? LEAF : undefined;
  return intersectChildren(a, b, a[SELF] !== undefined && b[SELF] !== undefined);
}

function intersectChildren(a: FieldSet, b: FieldSet, member: boolean): FieldSet | undefined {
  let out: FieldSetDraft | undefined;
  for (const key in a) {
    const other = key === SELF ? undefined : b[key];
    const shared = other === undefined ? undefined : intersectNodes(a[key] as FieldSet, other);
    if (shared !== undefined) (out ??= draft(member))[key] = shared;
  }
  return out ?? (member ? LEAF : undefined);
}

export function isSameSet(a: FieldSet, b: FieldSet): boolean {
  if (a === b) return true;
  let size = 0;
  for (const key in a) {
    const other = b[key];
    if (other === undefined || !isSameSet(a[key] as FieldSet, other)) return false;
    size++;
  }
  for (const _ in b) size--;
  return size === 0;
}

/** Whether the path is in the set. */
export function hasPath(set: FieldSet, path: readonly string[]): boolean {
  let at: FieldSet | undefined = set;
  for (const element of path) at = at?.[element];
  return at !== undefined && path.length > 0 && isMember(at);
}

/** The set of this path alone. */
export function setOfPath(path: readonly string[]): FieldSet {
  return path.reduceRight<FieldSet>((below, element) => ({ [element]: below }), LEAF);
}

/** Paths of the set that have none below them, in order. */
export function leavesOf(set: FieldSet): string[][] {
  const out: string[][] = [];
  const visit = (node: FieldSet, path: readonly string[]): void => {
    for (const key of sortElements(Object.keys(node))) {
      if (key === SELF) continue;
      const child = node[key] as FieldSet;
      const at = [...path, key];
      if (isEmpty(child)) out.push(at);
      else visit(child, at);
    }
  };
  visit(set, []);
  return out;
}

/** The same set with its elements in the order in which upstream writes them. */
export function inOrder(set: FieldSet): FieldSet {
  let last: Order | undefined;
  let sorted = true;
  let changed: FieldSetDraft | undefined;
  for (const key in set) {
    if (sorted) {
      const order = orderOf(key);
      if (last !== undefined && compareOrders(last, order) > 0) sorted = false;
      last = order;
    }
    const child = set[key] as FieldSet;
    const ordered = inOrder(child);
    if (ordered !== child) (changed ??= {})[key] = ordered;
  }
  if (sorted && changed === undefined) return set;
  const keys = Object.keys(set);
  if (!sorted) sortElements(keys);
  const out: FieldSetDraft = {};
  for (const key of keys) out[key] = changed?.[key] ?? (set[key] as FieldSet);
  return out;
}
