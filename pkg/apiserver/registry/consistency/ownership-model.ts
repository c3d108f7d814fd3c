/** For tests: who owns which field after a write, told the slow and simple way, on flat lists of paths. */
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import type { ManagedFieldsEntry } from "#pkg/api/types/meta-v1.ts";

/** Values by path, "f:spec/f:items/k:{"name":"a"}/f:value"; "…/." is an item of a list with keys itself. */
export type Leaves = ReadonlyMap<string, string>;
/** Paths by manager: `managerKey`. */
export type Owners = ReadonlyMap<string, ReadonlySet<string>>;

export interface WriteOp {
  /** `managerKey` of who writes. */
  readonly by: string;
  /** What a server-side apply applies. */
  readonly config?: object;
  readonly force?: boolean;
}

const CONTAINER = /f:(data|spec|items|tags|status|labels|annotations|finalizers)(\/\.)?$/;
const CONTAINERS = [
  "f:metadata/f:labels",
  "f:metadata/f:annotations",
  "f:metadata/f:finalizers",
  "f:data",
  "f:spec/f:items",
  "f:spec/f:tags",
  "f:spec",
];
const METADATA = new Set(["labels", "annotations", "finalizers"]);

export const managerKey = (manager: string, operation: string, subresource = ""): string =>
  `${manager} ${operation} ${subresource}`;

/** The fields of an object that somebody can own. */
export function leavesOf(object: object): Map<string, string> {
  const out = new Map<string, string>();
  const { kind: _kind, apiVersion: _version, metadata = {}, ...rest } = object as Record<string, object>;
  const owned = Object.entries(metadata).filter(([name]) => METADATA.has(name));
  collect({ metadata: Object.fromEntries(owned), ...rest }, "", out);
  return out;
}

function collect(value: unknown, path: string, out: Map<string, string>): void {
  if (typeof value !== "object" || value === null) return void out.set(path, JSON.stringify(value));
  const below = path === "" ? "" : `${path}/`;
  if (!Array.isArray(value)) {
    for (const [name, child] of Object.entries(value)) collect(child, `${below}f:${name}`, out);
    return;
  }
  for (const item of value as unknown[]) {
    if (typeof item !== "object" || item === null) {
      out.set(`${below}v:${JSON.stringify(item)}`, "");
      continue;
    }
    const at = `${below}k:${JSON.stringify({ name: (item as { name: string }).name })}`;
    out.set(`${at}/.`, "");
    collect(item, at, out);
  }
}

/** What managedFields say, as far as it is about fields of `leaves`. Throws for a field that is not there. */
export function ownersIn(object: KubeObject): Owners {
  const leaves = leavesOf(object);
  const out = new Map<string, Set<string>>();
  for (const entry of (object.metadata.managedFields ?? []) as readonly ManagedFieldsEntry[]) {
    const paths = new Set<string>();
    for (const path of pathsOf(entry.fieldsV1 as object, "")) {
      if (leaves.has(path)) paths.add(path);
      // Who applies an empty map or list has that, and what was emptied is left out of the object.
      else if (!CONTAINER.test(path)) throw new Error(`${entry.manager} owns "${path}", which is not there`);
    }
    const key = managerKey(entry.manager ?? "", entry.operation ?? "", entry.subresource);
    if (out.has(key)) throw new Error(`Two entries of ${key}`);
    if (paths.size > 0) out.set(key, paths);
  }
  return out;
}

function pathsOf(node: object, path: string): string[] {
  const below = path === "" ? "" : `${path}/`;
  return Object.entries(node).flatMap(([element, child]: [string, object]) => {
    if (element === ".") return [`${below}.`];
    if (Object.keys(child).length > 0) return pathsOf(child, below + element);
    return [element.startsWith("k:") ? `${below}${element}/.` : below + element];
  });
}

/**
 * What an apply makes of the fields there are: nothing goes that another applier has. A declared map or list in which the
 * applier had something goes whole when no applier has anything in it any more. `appliers` is `appliedPathsIn` of before.
 */
export function appliedLeaves(before: Leaves, owners: Owners, appliers: Owners, { by, config = {} }: WriteOp): Leaves {
  const own = leavesOf(config);
  const after = new Map([...before, ...own]);
  const kept = new Set([...own.keys(), ...emptyMapsIn(config, "")]);
  for (const [manager, paths] of appliers) if (manager !== by) for (const path of paths) kept.add(path);
  const remove = (prefix: string): void => {
    for (const leaf of before.keys()) if (leaf.startsWith(prefix) && !kept.has(leaf)) after.delete(leaf);
  };
  const isIn = (container: string, path: string): boolean => path === container || path.startsWith(`${container}/`);
  const had = [...(appliers.get(by) ?? [])];
  for (const path of owners.get(by) ?? []) {
    if (kept.has(path)) continue;
    after.delete(path);
    // An item goes with all that is in it.
    if (path.endsWith("/.")) remove(path.slice(0, -1));
  }
  for (const container of CONTAINERS)
    if (had.some((path) => isIn(container, path)) && ![...kept].some((path) => isIn(container, path)))
      remove(`${container}/`);
  return after;
}

/** All paths that appliers have, whether they are leaves or not. */
export function appliedPathsIn(object: KubeObject | undefined): Owners {
  const out = new Map<string, Set<string>>();
  for (const entry of object?.metadata.managedFields ?? [])
    if (entry.operation === "Apply")
      out.set(
        managerKey(entry.manager ?? "", "Apply", entry.subresource),
        new Set(pathsOf(entry.fieldsV1 as object, "")),
      );
  return out;
}

function emptyMapsIn(value: unknown, path: string): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  const members = Object.entries(value);
  if (members.length === 0) return [path];
  return members.flatMap(([name, child]) => emptyMapsIn(child, `${path === "" ? "" : `${path}/`}f:${name}`));
}

/** The fields that are new, other or gone. */
export function changedLeaves(before: Leaves, now: Leaves): Set<string> {
  const out = new Set<string>();
  for (const [path, value] of now) if (before.get(path) !== value) out.add(path);
  for (const path of before.keys()) if (!now.has(path)) out.add(path);
  return out;
}

export function ownersAfter(owners: Owners, before: Leaves, now: Leaves, { by, config }: WriteOp): Owners {
  const changed = changedLeaves(before, now);
  const out = new Map<string, Set<string>>();
  for (const [manager, paths] of owners) out.set(manager, new Set([...paths].filter((path) => !changed.has(path))));
  const own = out.get(by) ?? new Set();
  if (config === undefined) for (const path of changed) if (now.has(path)) own.add(path);
  out.set(by, config === undefined ? own : new Set(leavesOf(config).keys()));
  for (const [manager, paths] of out) if (paths.size === 0) out.delete(manager);
  return out;
}
