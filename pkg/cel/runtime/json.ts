import { celTypes } from "../type.ts";
import type { CelType, CelValue, ListType, MapType, ObjectType } from "../types.ts";
import { Failure } from "./failure.ts";
import { deepCost } from "./size.ts";
import { formatDuration, formatTimestamp, parseDuration, parseTimestamp } from "./time.ts";
import { Duration, ListValue, MapValue, OpaqueValue, OptionalValue, Timestamp, Uint } from "./values.ts";

type Json = Readonly<Record<string, unknown>>;
const INT_LIMIT = 2 ** 63;

/** JSON read by its declared type. What does not fit its type is read as what it is. */
export function fromJson(raw: unknown, type: CelType): CelValue {
  if (raw === null || raw === undefined) return null;
  switch (typeof raw) {
    case "string":
      return stringAs(raw, type);
    case "number":
      return type.kind === "double" ? raw : numberOf(raw);
    case "object":
      break;
    // A value of CEL already (bigint), or what needs no change (boolean).
    default:
      return raw;
  }
  if (raw instanceof ListValue || raw instanceof MapValue || raw instanceof OpaqueValue || isScalar(raw)) return raw;
  if (Array.isArray(raw)) return new JsonList(raw, type.kind === "list" ? type : ANY_LIST);
  if (type.kind === "object") return new JsonObject(raw as Json, type);
  return new JsonMap(raw as Json, type.kind === "map" ? type : ANY_MAP);
}

const isScalar = (raw: object): boolean =>
  raw instanceof Timestamp ||
  raw instanceof Duration ||
  raw instanceof Uint ||
  raw instanceof Uint8Array ||
  raw instanceof OptionalValue;

const numberOf = (raw: number): CelValue => (Number.isInteger(raw) && Math.abs(raw) < INT_LIMIT ? BigInt(raw) : raw);

function stringAs(raw: string, type: CelType): CelValue {
  if (type.kind === "timestamp")
    return orText(raw, parseTimestamp(/^\d{4}-\d{2}-\d{2}$/.test(raw) ? `${raw}T00:00:00Z` : raw));
  if (type.kind === "duration") return orText(raw, parseDuration(raw));
  return type.kind === "bytes" ? new Uint8Array(Buffer.from(raw, "base64")) : raw;
}
const orText = (raw: string, parsed: CelValue): CelValue => (parsed instanceof Failure ? raw : parsed);

const ANY_LIST: ListType = celTypes.list(celTypes.dyn);
const ANY_MAP: MapType = celTypes.map(celTypes.string, celTypes.dyn);

class JsonList extends ListValue {
  readonly #raw: readonly unknown[];
  readonly #element: CelType;
  constructor(raw: readonly unknown[], type: ListType) {
    super(type);
    this.#raw = raw;
    this.#element = type.element;
  }
  get size(): number {
    return this.#raw.length;
  }
  at(index: number): CelValue {
    return fromJson(this.#raw[index], this.#element);
  }
}

class JsonMap extends MapValue {
  readonly #raw: Json;
  readonly #type: MapType;
  #keys: readonly string[] | undefined;
  constructor(raw: Json, type: MapType) {
    super();
    this.#raw = raw;
    this.#type = type;
  }
  get size(): number {
    return this.#names.length;
  }
  get(key: CelValue): CelValue | undefined {
    if (typeof key !== "string" || !Object.hasOwn(this.#raw, key) || this.#raw[key] === undefined) return undefined;
    return fromJson(this.#raw[key], this.#type.value);
  }
  keys(): readonly string[] {
    return this.#names;
  }
  get #names(): readonly string[] {
    this.#keys ??= Object.keys(this.#raw).filter((key) => this.#raw[key] !== undefined);
    return this.#keys;
  }
}

/** An object with declared fields, under their escaped names. What is not declared is not seen. */
class JsonObject extends MapValue {
  readonly #raw: Json;
  readonly #type: ObjectType;
  constructor(raw: Json, type: ObjectType) {
    super();
    this.#raw = raw;
    this.#type = type;
  }
  /** Equality goes by what is there, declared or not. */
  get raw(): Json {
    return this.#raw;
  }
  get size(): number {
    return this.keys().length;
  }
  get(key: CelValue): CelValue | undefined {
    const field = typeof key === "string" ? this.#type.field(key) : undefined;
    if (field === undefined || !Object.hasOwn(this.#raw, field.property)) return undefined;
    const value = this.#raw[field.property];
    return value === undefined ? undefined : fromJson(value, field.type);
  }
  keys(): readonly string[] {
    return this.#type.names === undefined
      ? Object.keys(this.#raw).filter((key) => this.get(key) !== undefined)
      : this.#type.names().filter((name) => this.get(name) !== undefined);
  }
}

const MAX_DEPTH = 100;
const MAX_COST = 1_500_000;

/** A value as JSON: ints are numbers, times and durations strings, bytes base64. @throws Error for what JSON cannot hold */
export function toJson(value: CelValue): unknown {
  if (deepCost(value) > MAX_COST) throw new Error("the value is too large");
  return plain(value, 0);
}

function plain(value: CelValue, depth: number): unknown {
  if (depth > MAX_DEPTH) throw new Error("the value is nested too deeply");
  if (typeof value === "bigint") return Number(value);
  if (value === null || typeof value !== "object") return value;
  if (value instanceof ListValue) return Array.from(value, (item) => plain(item, depth + 1));
  if (value instanceof JsonObject) return value.raw;
  if (value instanceof MapValue) {
    const entries: [string, unknown][] = [];
    for (const key of value.keys()) {
      if (typeof key !== "string") throw new Error("map keys must be strings");
      entries.push([key, plain(value.get(key), depth + 1)]);
    }
    return Object.fromEntries(entries);
  }
  if (value instanceof Uint) return Number(value.value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (value instanceof Timestamp) return formatTimestamp(value);
  if (value instanceof Duration) return formatDuration(value);
  if (value instanceof OptionalValue) return value.present ? plain(value.value, depth + 1) : null;
  throw new Error("the value has no JSON form");
}
