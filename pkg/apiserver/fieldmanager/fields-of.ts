import { DEDUCED, type FieldType, type ListType, type MapType } from "./field-type.ts";
import { draft, type FieldSet, type FieldSetDraft, isEmpty, LEAF, SELF } from "./field-set.ts";
import { elementOf } from "./list-items.ts";
import { printElement, printPath } from "./path-element.ts";

/** More findings than this are not named. */
const MAX_FINDINGS = 100;

/** An applied configuration that does not fit the schema; `message` has upstream's words, with the paths. */
export class TypedError extends Error {
  readonly code = "TYPED";
  constructor(findings: readonly string[]) {
    super(findings.length === 1 ? findings[0] : ["errors:", ...findings.map((each) => `  ${each}`)].join("\n"));
    this.name = "TypedError";
  }
}

/** Where a walk is, and what it found that does not fit. */
interface Walk {
  readonly path: string[];
  readonly findings: string[];
  /** Declared fields on the way to others are paths too. */
  readonly named: boolean;
}

/**
 * The paths that a configuration sets: its leaves, its list items, and members of maps; a struct is only where it is
 * empty. @throws TypedError where `strict` and the schema does not have what is there
 */
export function fieldsOf(type: FieldType, value: unknown, strict: boolean): FieldSet {
  const walk: Walk = { path: [], findings: [], named: false };
  const set = nodeOf(type, value, walk, false) ?? LEAF;
  if (strict && walk.findings.length > 0) throw new TypedError(walk.findings);
  return set;
}

/** `withNamedFields` of `fieldsOf`, in one go. */
export function namedFieldsOf(type: FieldType, value: unknown): FieldSet {
  return nodeOf(type, value, { path: [], findings: [], named: true }, false) ?? LEAF;
}

/** Of what `fieldsOf` found for a whole object, what belongs to somebody in a type that leaves out some of its fields. */
export function ownedIn({ unowned }: MapType, set: FieldSet): FieldSet {
  const out: FieldSetDraft = {};
  for (const key in set) if (unowned?.has(key.slice(2)) !== true) out[key] = set[key] as FieldSet;
  return out;
}

function report({ path, findings }: Walk, why: string): void {
  if (findings.length < MAX_FINDINGS) findings.push(path.length === 0 ? why : `${printPath(path)}: ${why}`);
}

/** The node of a value; `member` says whether the value's own path belongs to the set. Undefined when nothing is below it. */
function nodeOf(type: FieldType, value: unknown, walk: Walk, member: boolean): FieldSet | undefined {
  if (typeof value !== "object" || value === null) {
    if (value !== null && (type.kind === "map" || type.kind === "list"))
      report(walk, `expected ${type.kind}, got &{${JSON.stringify(value)}}`);
    return LEAF;
  }
  if (type.kind === "leaf") return LEAF;
  if (Array.isArray(value)) {
    if (type.kind === "list") return ofList(type, value, walk, member);
    if (type.kind === "map") report(walk, "expected map, got &{[]}");
    return LEAF;
  }
  if (type.kind === "list") {
    report(walk, "expected list, got &{map[]}");
    return LEAF;
  }
  return ofMap(type, value as Record<string, unknown>, walk, member);
}

function ofMap(
  type: MapType | typeof DEDUCED,
  value: Record<string, unknown>,
  walk: Walk,
  member: boolean,
): FieldSet | undefined {
  let out: FieldSetDraft | undefined;
  for (const key in value) {
    const child = value[key];
    if (child === undefined) continue;
    const element = `f:${key}`;
    const declared = type.kind === "map" ? type.fields.get(key) : undefined;
    if (type.kind === "map" && type.unowned?.has(key) === true) continue;
    const childType = declared ?? (type.kind === "map" ? type.element : DEDUCED);
    walk.path.push(element);
    if (childType === undefined) report(walk, "field not declared in schema");
    const isPath = declared === undefined || (walk.named && !isPartlyUnowned(declared));
    let node = nodeOf(childType ?? DEDUCED, child, walk, isPath);
    walk.path.pop();
    // An empty list sets nothing, nor does what holds only such; an empty object itself; metadata neither.
    if (node === undefined && (declared === undefined || (isEmptyObject(child) && !isPartlyUnowned(declared))))
      node = LEAF;
    if (node !== undefined) (out ??= draft(member))[element] = node;
  }
  return out;
}

function ofList(type: ListType, list: readonly unknown[], walk: Walk, member: boolean): FieldSet | undefined {
  let out: FieldSetDraft | undefined;
  for (let i = 0; i < list.length; i++) {
    const element = elementOf(type, list[i]);
    if (element === undefined) {
      const missing = (type.keys ?? []).map(({ name }) => JSON.stringify(name)).join(", ");
      report(
        walk,
        `element ${i}: associative list with keys has an element that omits key field ${missing} (and doesn't have default value)`,
      );
      continue;
    }
    if (out?.[element] !== undefined) report(walk, `duplicate entries for key ${printElement(element)}`);
    walk.path.push(element);
    const node = nodeOf(type.element, list[i], walk, true);
    walk.path.pop();
    (out ??= draft(member))[element] = node ?? LEAF;
  }
  return out;
}

const isEmptyObject = (value: unknown): boolean => !Array.isArray(value) && isEmpty(value as FieldSet);

const isPartlyUnowned = (type: FieldType): boolean => type.kind === "map" && type.unowned !== undefined;

const withSelf = (node: FieldSet): FieldSet =>
  node[SELF] !== undefined || isEmpty(node) ? node : { [SELF]: LEAF, ...node };

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
