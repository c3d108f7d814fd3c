import type { CelType, ListType, MapType, ObjectField, ObjectType, OpaqueType, SimpleType } from "./types.ts";

const simple = (kind: SimpleType["kind"]): SimpleType => Object.freeze({ kind });
const list = (element: CelType, maxElements?: number): ListType => ({
  kind: "list",
  element,
  ...(maxElements === undefined ? {} : { maxElements }),
});
const map = (key: CelType, value: CelType, maxElements?: number): MapType => ({
  kind: "map",
  key,
  value,
  ...(maxElements === undefined ? {} : { maxElements }),
});
const opaque = (name: string, ...parameters: CelType[]): OpaqueType => ({ kind: "opaque", name, parameters });
const OPTIONAL = "optional_type";

/** Types, and makers of types. */
export const celTypes = {
  dyn: simple("dyn"),
  bool: simple("bool"),
  int: simple("int"),
  uint: simple("uint"),
  double: simple("double"),
  string: simple("string"),
  bytes: simple("bytes"),
  null: simple("null"),
  timestamp: simple("timestamp"),
  duration: simple("duration"),
  /** What the checker gives to a node it already complained about. */
  error: simple("error"),
  list,
  map,
  opaque,
  optional: (of: CelType): OpaqueType => opaque(OPTIONAL, of),
  typeOf: (of: CelType): CelType => ({ kind: "type", of }),
  parameter: (name: string): CelType => ({ kind: "param", name }),
  /** Names are used as they are: escape properties that are no identifiers first. */
  object: (name: string, fields: Readonly<Record<string, CelType>>): ObjectType => {
    const byName = new Map<string, ObjectField>(
      Object.entries(fields).map(([property, type]) => [property, { property, type }]),
    );
    return { kind: "object", name, field: (field) => byName.get(field), names: () => [...byName.keys()] };
  },
  authorizer: opaque("kubernetes.authorization.Authorizer"),
  resourceCheck: opaque("kubernetes.authorization.ResourceCheck"),
} as const;

export const isOptional = (type: CelType): type is OpaqueType => type.kind === "opaque" && type.name === OPTIONAL;
/** What an optional is of; undefined for other types. */
export const optionalOf = (type: CelType): CelType | undefined => (isOptional(type) ? type.parameters[0] : undefined);
export const isDynamic = (type: CelType): boolean => type.kind === "dyn" || type.kind === "error";

/** The name as messages of the checker show it: "list(int)", "map(string, dyn)". */
export function typeName(type: CelType): string {
  switch (type.kind) {
    case "list":
      return `list(${typeName(type.element)})`;
    case "map":
      return `map(${typeName(type.key)}, ${typeName(type.value)})`;
    case "object":
      return type.name;
    case "opaque":
      return type.parameters.length === 0 ? type.name : `${type.name}(${type.parameters.map(typeName).join(", ")})`;
    case "type":
      return `type(${typeName(type.of)})`;
    case "param":
      return type.name;
    case "error":
      return "!error!";
    default:
      return type.kind;
  }
}

/** The types a type is made of, in order; bounds and list types are no part of a type's identity. */
export const partsOf = (type: CelType): readonly CelType[] => {
  switch (type.kind) {
    case "list":
      return [type.element];
    case "map":
      return [type.key, type.value];
    case "opaque":
      return type.parameters;
    case "type":
      return [type.of];
    default:
      return [];
  }
};

export function withParts(type: CelType, parts: readonly CelType[]): CelType {
  switch (type.kind) {
    case "list":
      return { ...type, element: parts[0] as CelType };
    case "map":
      return { ...type, key: parts[0] as CelType, value: parts[1] as CelType };
    case "opaque":
      return { ...type, parameters: parts };
    case "type":
      return { ...type, of: parts[0] as CelType };
    default:
      return type;
  }
}

export function sameType(a: CelType, b: CelType): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind) return false;
  if ("name" in a && a.name !== (b as { name: string }).name) return false;
  const [left, right] = [partsOf(a), partsOf(b)];
  return left.length === right.length && left.every((part, i) => sameType(part, right[i] as CelType));
}
