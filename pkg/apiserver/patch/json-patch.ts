import { setOwn } from "#pkg/api/json-object.ts";
import { ApiError, badRequest } from "#pkg/errors/index.ts";

const MAX_OPERATIONS = 10_000;
/** How much `copy` may add in all; upstream's JSONPatchMaxCopyBytes. */
const MAX_COPIED_BYTES = 3 * 1024 * 1024;

type Json = Record<string, unknown>;
/** Items of lists that insertions and removals may move in all: each moves what stands behind it. */
const MAX_MOVED_ITEMS = 20_000_000;

type Container = Json | unknown[];

/**
 * RFC 6902. Returns a new value that shares with the old what no operation touched.
 * @throws 400 for what is no patch, 413 when it is too long, 422 when it does not apply
 */
export function applyJsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch))
    throw badRequest(`json: cannot unmarshal ${goKind(patch)} into Go value of type jsonpatch.Patch`);
  for (const operation of patch as readonly unknown[])
    if (typeof operation !== "object" || Array.isArray(operation))
      throw badRequest(`json: cannot unmarshal ${goKind(operation)} into Go value of type jsonpatch.Operation`);
  if (patch.length > MAX_OPERATIONS)
    throw new ApiError(
      413,
      "RequestEntityTooLarge",
      `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`,
      {},
    );
  const patching = new Patching(target);
  for (const operation of patch as readonly (Json | null)[]) patching.apply(operation ?? {});
  return patching.root;
}

function goKind(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}

/** Upstream's answer to a patch that is well-formed but does not fit the object. */
function refused(): ApiError {
  return new ApiError(422, "Invalid", "the server rejected our request due to an error in our request", {});
}

/** One patch in progress. Containers are copied before their first change. */
class Patching {
  root: unknown;
  readonly #own = new WeakSet<object>();
  #copied = 0;
  #moved = 0;

  constructor(root: unknown) {
    this.root = root;
  }

  apply(operation: Json): void {
    const path = pointer(operation["path"]);
    switch (operation["op"]) {
      case "add":
        return this.#add(path, valueOf(operation));
      case "replace":
        return this.#replace(path, valueOf(operation));
      case "remove":
        this.#remove(path);
        return;
      case "move": {
        const from = pointer(operation["from"]);
        // Nothing can be moved into itself.
        if (from.length < path.length && from.every((step, i) => step === path[i])) throw refused();
        const moved = this.#get(from);
        if (moved === undefined) throw refused();
        this.#remove(from);
        return this.#add(path, moved);
      }
      case "copy": {
        const copied = this.#get(pointer(operation["from"]));
        if (copied === undefined) throw refused();
        const text = JSON.stringify(copied);
        this.#copied += Buffer.byteLength(text);
        if (this.#copied > MAX_COPIED_BYTES) throw refused();
        // A copy of its own: what is changed in one must not change in the other.
        return this.#add(path, JSON.parse(text));
      }
      case "test":
        if (!isSame(this.#get(path) ?? null, operation["value"] ?? null)) throw refused();
        return;
      default:
        throw refused();
    }
  }

  #get(path: readonly string[]): unknown {
    let at = this.root;
    for (const step of path) {
      if (Array.isArray(at)) at = at[indexIn(at, step, at.length - 1)] as unknown;
      else if (typeof at === "object" && at !== null) at = Object.hasOwn(at, step) ? (at as Json)[step] : undefined;
      else return undefined;
    }
    return at;
  }

  #add(path: readonly string[], value: unknown): void {
    const last = path.at(-1);
    if (last === undefined) {
      this.root = value;
      return;
    }
    const parent = this.#parentOf(path);
    if (!Array.isArray(parent)) setOwn(parent, last, value);
    else if (last === "-") parent.push(value);
    else this.#splice(parent, indexIn(parent, last, parent.length), 0, value);
  }

  #replace(path: readonly string[], value: unknown): void {
    const last = path.at(-1);
    if (last === undefined) {
      this.root = value;
      return;
    }
    const parent = this.#parentOf(path);
    if (Array.isArray(parent)) parent[indexIn(parent, last, parent.length - 1)] = value;
    else if (Object.hasOwn(parent, last)) setOwn(parent, last, value);
    else throw refused();
  }

  #remove(path: readonly string[]): void {
    const last = path.at(-1);
    if (last === undefined) throw refused();
    const parent = this.#parentOf(path);
    if (Array.isArray(parent)) this.#splice(parent, indexIn(parent, last, parent.length - 1), 1);
    else if (Object.hasOwn(parent, last)) delete parent[last];
    else throw refused();
  }

  /** @throws 413 */
  #splice(list: unknown[], at: number, removed: number, ...added: unknown[]): void {
    this.#moved += list.length - at;
    if (this.#moved > MAX_MOVED_ITEMS)
      throw new ApiError(413, "RequestEntityTooLarge", "The JSON patch changes the order of too long lists", {});
    list.splice(at, removed, ...added);
  }

  /** The container that the path ends in, and all above it, as this patch's own copies. */
  #parentOf(path: readonly string[]): Container {
    this.root = this.#owned(this.root);
    let at = this.root as Container;
    for (const step of path.slice(0, -1)) {
      if (Array.isArray(at)) {
        const index = indexIn(at, step, at.length - 1);
        at = at[index] = this.#owned(at[index]);
      } else {
        const child: Container = this.#owned(Object.hasOwn(at, step) ? at[step] : undefined);
        setOwn(at, step, child);
        at = child;
      }
    }
    return at;
  }

  #owned(value: unknown): Container {
    if (typeof value !== "object" || value === null) throw refused();
    if (this.#own.has(value)) return value as Container;
    const copy: Container = Array.isArray(value) ? [...(value as unknown[])] : { ...value };
    this.#own.add(copy);
    return copy;
  }
}

function valueOf(operation: Json): unknown {
  if (!Object.hasOwn(operation, "value")) throw refused();
  return operation["value"];
}

/** The steps of a JSON pointer (RFC 6901). */
function pointer(text: unknown): string[] {
  if (text === "") return [];
  if (typeof text !== "string" || !text.startsWith("/")) throw refused();
  const steps = text.slice(1).split("/");
  return text.includes("~") ? steps.map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~")) : steps;
}

/** An index of a list; negative ones count from its end, as the library that upstream uses has it. */
function indexIn(list: readonly unknown[], step: string, max: number): number {
  if (!/^-?\d{1,9}$/.test(step)) throw refused();
  const given = Number(step);
  const index = given < 0 ? given + list.length : given;
  if (index < 0 || index > max) throw refused();
  return index;
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b))
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => isSame(item, b[i]));
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isSame((a as Json)[key], (b as Json)[key]))
  );
}
