import type { CelType, CelValue, ListType } from "../types.ts";
import { celTypes, typeName } from "../type.ts";

/** An unsigned 64-bit int. */
export class Uint {
  readonly value: bigint;
  constructor(value: bigint) {
    this.value = value;
  }
}

/** A length of time in nanoseconds. */
export class Duration {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

/** A moment in nanoseconds since 1970, UTC. */
export class Timestamp {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

export class TypeValue {
  readonly type: CelType;
  constructor(type: CelType) {
    this.type = type;
  }
}

export class OptionalValue {
  readonly present: boolean;
  readonly value: CelValue;
  private constructor(present: boolean, value: CelValue) {
    this.present = present;
    this.value = value;
  }
  static readonly none = new OptionalValue(false, undefined);
  static of(value: CelValue): OptionalValue {
    return new OptionalValue(true, value);
  }
}

/** Elements are made values when they are asked for. */
export abstract class ListValue {
  abstract readonly size: number;
  abstract at(index: number): CelValue;
  /** The declared type, which says how lists compare. */
  readonly type: ListType | undefined;
  constructor(type?: ListType) {
    this.type = type;
  }
  *[Symbol.iterator](): Generator<CelValue> {
    for (let i = 0; i < this.size; i++) yield this.at(i);
  }
  some(test: (item: CelValue) => boolean): boolean {
    return this.findIndex(test) >= 0;
  }
  findIndex(test: (item: CelValue) => boolean): number {
    for (let i = 0; i < this.size; i++) if (test(this.at(i))) return i;
    return -1;
  }
}

export class ArrayList extends ListValue {
  readonly #items: readonly CelValue[];
  constructor(items: readonly CelValue[], type?: ListType) {
    super(type);
    this.#items = items;
  }
  get size(): number {
    return this.#items.length;
  }
  at(index: number): CelValue {
    return this.#items[index];
  }
}

/** What a fold collects into: `+` appends in place, since nobody else holds it. */
export class GrowingList extends ListValue {
  readonly #items: CelValue[] = [];
  get size(): number {
    return this.#items.length;
  }
  at(index: number): CelValue {
    return this.#items[index];
  }
  append(other: ListValue): this {
    for (const item of other) this.#items.push(item);
    return this;
  }
  /** The list as others may hold it; nothing is appended after this. */
  done(): ArrayList {
    return new ArrayList(this.#items);
  }
}

/** A map, or an object with fields. Keys are strings, ints, uints or bools. */
export abstract class MapValue {
  abstract readonly size: number;
  /** Undefined where there is no such key. */
  abstract get(key: CelValue): CelValue | undefined;
  abstract keys(): Iterable<CelValue>;
  has(key: CelValue): boolean {
    return this.get(key) !== undefined;
  }
}

export type KeyOf = string | bigint | boolean;
/** Equal keys of different number types are one key. Undefined for what can be no key. */
export function keyOf(key: CelValue): KeyOf | undefined {
  if (typeof key === "string" || typeof key === "bigint" || typeof key === "boolean") return key;
  if (key instanceof Uint) return key.value;
  return typeof key === "number" && Number.isInteger(key) ? BigInt(key) : undefined;
}

export class LiteralMap extends MapValue {
  readonly #entries = new Map<KeyOf, { readonly key: CelValue; readonly value: CelValue }>();
  get size(): number {
    return this.#entries.size;
  }
  get(key: CelValue): CelValue | undefined {
    const by = keyOf(key);
    return by === undefined ? undefined : this.#entries.get(by)?.value;
  }
  *keys(): Generator<CelValue> {
    for (const entry of this.#entries.values()) yield entry.key;
  }
  /** False where the key is there already, or can be none. */
  add(key: CelValue, value: CelValue): boolean {
    const by = keyOf(key);
    if (by === undefined || this.#entries.has(by)) return false;
    this.#entries.set(by, { key, value });
    return true;
  }
}

/** An object that an expression constructed (`Object.spec{…}`); `fields` by property. */
export class StructValue extends MapValue {
  readonly typeName: string;
  readonly #fields: ReadonlyMap<string, CelValue>;
  constructor(name: string, fields: ReadonlyMap<string, CelValue>) {
    super();
    this.typeName = name;
    this.#fields = fields;
  }
  get size(): number {
    return this.#fields.size;
  }
  get(key: CelValue): CelValue | undefined {
    return this.#fields.get(key as string);
  }
  keys(): Iterable<CelValue> {
    return this.#fields.keys();
  }
}

/** A value of a library: `typeName` is what overloads name, `equals` is `==`. */
export abstract class OpaqueValue {
  abstract readonly typeName: string;
  abstract equals(other: OpaqueValue): boolean;
}

/** The type of a value as `type()` and overloads see it. Element types are not looked at. */
export function typeOfValue(value: CelValue): CelType {
  switch (typeof value) {
    case "string":
      return celTypes.string;
    case "boolean":
      return celTypes.bool;
    case "bigint":
      return celTypes.int;
    case "number":
      return celTypes.double;
    default:
      break;
  }
  if (value === null) return celTypes.null;
  if (value instanceof ListValue) return celTypes.list(celTypes.dyn);
  if (value instanceof StructValue) return celTypes.object(value.typeName, {});
  if (value instanceof MapValue) return celTypes.map(celTypes.dyn, celTypes.dyn);
  if (value instanceof Uint) return celTypes.uint;
  if (value instanceof Uint8Array) return celTypes.bytes;
  if (value instanceof Timestamp) return celTypes.timestamp;
  if (value instanceof Duration) return celTypes.duration;
  if (value instanceof OptionalValue) return celTypes.optional(celTypes.dyn);
  if (value instanceof TypeValue) return celTypes.typeOf(value.type);
  return value instanceof OpaqueValue ? celTypes.opaque(value.typeName) : celTypes.error;
}

/** The name `type(value)` compares by: containers without their parameters. */
export const plainTypeName = (type: CelType): string =>
  type.kind === "list" || type.kind === "map" || type.kind === "type"
    ? type.kind
    : type.kind === "opaque"
      ? type.name
      : typeName(type);

/** Whether a value fits an overload's parameter at run time. */
export function fits(value: CelValue, type: CelType): boolean {
  switch (type.kind) {
    case "dyn":
    case "param":
      return true;
    case "bool":
      return typeof value === "boolean";
    case "int":
      return typeof value === "bigint";
    case "double":
      return typeof value === "number";
    case "string":
      return typeof value === "string";
    case "uint":
      return value instanceof Uint;
    case "bytes":
      return value instanceof Uint8Array;
    case "null":
      return value === null;
    case "timestamp":
      return value instanceof Timestamp;
    case "duration":
      return value instanceof Duration;
    case "list":
      return value instanceof ListValue;
    case "map":
    case "object":
      return value instanceof MapValue;
    case "type":
      return value instanceof TypeValue;
    case "opaque":
      return value instanceof OptionalValue
        ? type.name === "optional_type"
        : value instanceof OpaqueValue && value.typeName === type.name;
    default:
      return false;
  }
}
