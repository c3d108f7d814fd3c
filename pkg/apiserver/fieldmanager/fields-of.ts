import { DEDUCED, type FieldType, type ListType, type MapType } from "./field-type.ts";
import { type FieldSet, type FieldSetDraft, isEmpty, LEAF, SELF } from "./field-set.ts";
import { elementOf } from "./list-items.ts";
import { printElement, printPath } from "./path-element.ts";

/** An applied configuration that does not fit the schema; `message` is upstream's, with the path. */
export class TypedError extends Error {
  readonly code = "TYPED";
  constructor(path: readonly string[], why: string) {
    super(path.length === 0 ? why : `${printPath(path)}: ${why}`);
    this.name = "TypedError";
  }
}

/**
 * The paths that a configuration sets: its leaves, its list items, and members of maps; a struct is only where it is
 * empty. @throws TypedError where `strict` and the schema does not have what is there
 */
export function fieldsOf(type: FieldType, value: unknown, strict: boolean): FieldSet {
  const set = nodeOf(type, value, [], strict);
  return set === undefined || set[SELF] === undefined ? (set ?? LEAF) : LEAF;
}

/** The node of a value, without regard to whether the value's own path belongs to the set. */
function nodeOf(type: FieldType, value: unknown, path: string[], strict: boolean): FieldSet | undefined {
  if (typeof value !== "object" || value === null) {
    if (strict && value !== null && (type.kind === "map" || type.kind === "list"))
      throw new TypedError(path, `expected ${type.kind}, got &{${JSON.stringify(value)}}`);
    return LEAF;
  }
  if (type.kind === "leaf") return LEAF;
  if (Array.isArray(value)) {
    if (type.kind === "list") return ofList(type, value, path, strict);
    if (strict && type.kind === "map") throw new TypedError(path, "expected map, got &{[]}");
    return LEAF;
  }
  if (type.kind === "list") {
    if (strict) throw new TypedError(path, "expected list, got &{map[]}");
    return LEAF;
  }
  return ofMap(type, value as Record<string, unknown>, path, strict);
}

function ofMap(
  type: MapType | typeof DEDUCED,
  value: Record<string, unknown>,
  path: string[],
  strict: boolean,
): FieldSet | undefined {
  const out: FieldSetDraft = {};
  for (const key in value) {
    const child = value[key];
    if (child === undefined) continue;
    const element = `f:${key}`;
    const declared = type.kind === "map" ? type.fields.get(key) : undefined;
    if (type.kind === "map" && type.unowned?.has(key) === true) continue;
    const childType = declared ?? (type.kind === "map" ? type.element : DEDUCED);
    path.push(element);
    if (childType === undefined && strict) throw new TypedError(path, "field not declared in schema");
    const node = nodeOf(childType ?? DEDUCED, child, path, strict);
    path.pop();
    if (node === undefined) {
      // An empty list sets nothing, an empty object itself; metadata that only says whose it is neither.
      if (declared === undefined || (!Array.isArray(child) && !isPartlyUnowned(declared))) out[element] = LEAF;
    } else out[element] = declared === undefined ? withSelf(node) : node;
  }
  return isEmpty(out) ? undefined : out;
}

function ofList(type: ListType, list: readonly unknown[], path: string[], strict: boolean): FieldSet | undefined {
  const out: FieldSetDraft = {};
  for (let i = 0; i < list.length; i++) {
    const element = elementOf(type, list[i]);
    if (element === undefined) {
      if (!strict) continue;
      const missing = (type.keys ?? []).map(({ name }) => JSON.stringify(name)).join(", ");
      throw new TypedError(
        path,
        `element ${i}: associative list with keys has an element that omits key field ${missing} (and doesn't have default value)`,
      );
    }
    if (out[element] !== undefined && strict)
      throw new TypedError(path, `duplicate entries for key ${printElement(element)}`);
    path.push(element);
    const node = nodeOf(type.element, list[i], path, strict);
    path.pop();
    out[element] = node === undefined ? LEAF : withSelf(node);
  }
  return isEmpty(out) ? undefined : out;
}

const isPartlyUnowned = (type: FieldType): boolean => type.kind === "map" && type.unowned !== undefined;

const withSelf = (node: FieldSet): FieldSet =>
  isEmpty(node) || node[SELF] !== undefined ? node : { [SELF]: LEAF, ...node };

/** The set with every declared field that it names on the way to another as a path of its own. */
export function withNamedFields(type: FieldType, set: FieldSet): FieldSet {
  if (type.kind === "leaf") return set;
  let out: FieldSetDraft | undefined;
  for (const key in set) {
    const child = set[key] as FieldSet;
    if (key === SELF || isEmpty(child)) continue;
    const name = key.slice(2);
    const declared = type.kind === "map" ? type.fields.get(name) : undefined;
    const childType =
      declared ?? (type.kind === "list" ? type.element : type.kind === "map" ? (type.element ?? DEDUCED) : DEDUCED);
    const below = withNamedFields(childType, child);
    const named = declared === undefined || isPartlyUnowned(declared) ? below : withSelf(below);
    if (named !== child) (out ??= { ...set })[key] = named;
  }
  return out ?? set;
}
