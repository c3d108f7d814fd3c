import { compare, equal, mergedItems } from "../runtime/equality.ts";
import { Failure, failure } from "../runtime/failure.ts";
import { absent } from "../runtime/operations.ts";
import { deepCost, sizeOf } from "../runtime/size.ts";
import { duration, timestamp } from "../runtime/time.ts";
import type { Duration, Timestamp } from "../runtime/values.ts";
import {
  ArrayList,
  GrowingList,
  keyOf,
  ListValue,
  type LiteralMap,
  MapValue,
  OptionalValue,
  Uint,
} from "../runtime/values.ts";
import type { CelValue } from "../types.ts";
import { type CallEstimate, type Overload, overload, type SizeBound } from "./overload.ts";

const INT_MAX = (1n << 63n) - 1n;
const UINT_MAX = (1n << 64n) - 1n;
const int = (value: bigint): bigint | Failure =>
  value > INT_MAX || value < -INT_MAX - 1n ? failure("integer overflow") : value;
const uint = (value: bigint): Uint | Failure =>
  value < 0n || value > UINT_MAX ? failure("unsigned integer overflow") : new Uint(value);

type Sizes = readonly SizeBound[];
const sum = ([a, b]: Sizes): SizeBound => {
  const element = [a?.element, b?.element].reduce((x, y) => ((x?.size ?? 0) > (y?.size ?? 0) ? x : y));
  return { size: (a?.size ?? 0) + (b?.size ?? 0), ...(element === undefined ? {} : { element }) };
};
const joining = (args: Sizes): CallEstimate => {
  const result = sum(args);
  return { cost: Math.ceil(result.size * 0.1), result };
};
/** As upstream estimates it: by the smaller one's size, however deep it is. */
const smaller = ([a, b]: Sizes): CallEstimate => ({
  cost: Math.max(1, Math.ceil(Math.min(a?.size ?? 1, b?.size ?? 1) * 0.1)),
});
/** Containers of different sizes are not looked into; of others everything within either may be, so it is paid for. */
function comparisonCost([a, b]: readonly CelValue[]): number {
  if (!(isContainer(a) && isContainer(b))) return Math.ceil(Math.min(sizeOf(a), sizeOf(b)) * 0.1);
  return a.size === b.size ? Math.max(deepCost(a), deepCost(b)) : 1;
}
const isContainer = (value: CelValue): value is ListValue | MapValue =>
  value instanceof ListValue || value instanceof MapValue;
const bothOf = ([a, b]: readonly CelValue[]): number => Math.ceil((sizeOf(a) + sizeOf(b)) * 0.1);

/** Operators, indexing, membership; what the interpreter evaluates by itself is here for its types only. */
export function operators(): readonly Overload[] {
  const none = (): Failure => failure("no such overload");
  return [
    overload("_&&_(bool, bool): bool", none),
    overload("_||_(bool, bool): bool", none),
    overload("_?_:_(bool, A, A): A", none),
    overload("@not_strictly_false(bool): bool", none),
    overload("!_(bool): bool", (a: boolean) => !a),
    overload("_==_(A, A): bool", equal, { cost: comparisonCost, estimate: smaller }),
    overload("_!=_(A, A): bool", (a, b) => !equal(a, b), { cost: comparisonCost, estimate: smaller }),
    ...comparisons(),
    ...arithmetic(),
    ...indexing(),
    overload("@in(A, list<A>): bool", (item: CelValue, list: ListValue) => list.some((other) => equal(item, other)), {
      cost: ([, list]) => Math.max(sizeOf(list), deepCost(list)),
      estimate: ([, list]) => ({ cost: list?.size ?? 1 }),
    }),
    overload("@in(K, map<K, V>): bool", (key: CelValue, map: MapValue) => map.has(key)),
    overload("cel.@mapInsert(map<K, V>, K, V): map<K, V>", (map: LiteralMap, key: CelValue, value: CelValue) =>
      map.add(key, value) ? map : failure(`insert failed: key ${String(keyOf(key))} already exists`),
    ),
    overload("cel.@mapInsert(map<K, V>, map<K, V>): map<K, V>", (map: LiteralMap, more: MapValue) => {
      for (const key of more.keys())
        if (!map.add(key, more.get(key))) return failure(`insert failed: key ${String(keyOf(key))} already exists`);
      return map;
    }),
  ];
}

const ORDERED = ["bool", "string", "bytes", "timestamp", "duration"];
const NUMBERS = ["int", "uint", "double"];

function comparisons(): Overload[] {
  const pairs = [...ORDERED.map((type) => [type, type]), ...NUMBERS.flatMap((a) => NUMBERS.map((b) => [a, b]))];
  const tests: readonly (readonly [string, (order: number) => boolean])[] = [
    ["_<_", (order) => order < 0],
    ["_<=_", (order) => order <= 0],
    ["_>_", (order) => order > 0],
    ["_>=_", (order) => order >= 0],
  ];
  return tests.flatMap(([fn, test]) =>
    pairs.map(([a, b]) =>
      overload(`${fn}(${a}, ${b}): bool`, (x: CelValue, y: CelValue) => test(compare(x, y) ?? Number.NaN), {
        cost: comparisonCost,
        estimate: smaller,
      }),
    ),
  );
}

const quotient = (a: bigint, b: bigint): bigint | Failure => (b === 0n ? failure("division by zero") : int(a / b));
const remainder = (a: bigint, b: bigint): bigint | Failure => (b === 0n ? failure("modulus by zero") : a % b);

function arithmetic(): Overload[] {
  const concatenation = { cost: bothOf, estimate: joining };
  return [
    overload("_+_(int, int): int", (a: bigint, b: bigint) => int(a + b)),
    overload("_+_(uint, uint): uint", (a: Uint, b: Uint) => uint(a.value + b.value)),
    overload("_+_(double, double): double", (a: number, b: number) => a + b),
    overload("_+_(string, string): string", (a: string, b: string) => a + b, concatenation),
    overload(
      "_+_(bytes, bytes): bytes",
      (a: Uint8Array, b: Uint8Array) => new Uint8Array(Buffer.concat([a, b])),
      concatenation,
    ),
    overload("_+_(list<A>, list<A>): list<A>", concatenate, {
      cost: concatenationCost,
      estimate: (args) => ({ cost: 1, result: sum(args) }),
    }),
    overload("_+_(duration, duration): duration", (a: Duration, b: Duration) => duration(a.nanos + b.nanos)),
    overload("_+_(duration, timestamp): timestamp", (a: Duration, b: Timestamp) => timestamp(a.nanos + b.nanos)),
    overload("_+_(timestamp, duration): timestamp", (a: Timestamp, b: Duration) => timestamp(a.nanos + b.nanos)),
    overload("_-_(int, int): int", (a: bigint, b: bigint) => int(a - b)),
    overload("_-_(uint, uint): uint", (a: Uint, b: Uint) => uint(a.value - b.value)),
    overload("_-_(double, double): double", (a: number, b: number) => a - b),
    overload("_-_(duration, duration): duration", (a: Duration, b: Duration) => duration(a.nanos - b.nanos)),
    overload("_-_(timestamp, duration): timestamp", (a: Timestamp, b: Duration) => timestamp(a.nanos - b.nanos)),
    overload("_-_(timestamp, timestamp): duration", (a: Timestamp, b: Timestamp) => duration(a.nanos - b.nanos)),
    overload("_*_(int, int): int", (a: bigint, b: bigint) => int(a * b)),
    overload("_*_(uint, uint): uint", (a: Uint, b: Uint) => uint(a.value * b.value)),
    overload("_*_(double, double): double", (a: number, b: number) => a * b),
    overload("_/_(int, int): int", quotient),
    overload("_/_(uint, uint): uint", (a: Uint, b: Uint) =>
      b.value === 0n ? failure("division by zero") : uint(a.value / b.value),
    ),
    overload("_/_(double, double): double", (a: number, b: number) => a / b),
    overload("_%_(int, int): int", remainder),
    overload("_%_(uint, uint): uint", (a: Uint, b: Uint) =>
      b.value === 0n ? failure("modulus by zero") : uint(a.value % b.value),
    ),
    overload("-_(int): int", (a: bigint) => int(-a)),
    overload("-_(double): double", (a: number) => -a),
    overload("-_(duration): duration", (a: Duration) => duration(-a.nanos)),
  ];
}

/** A list that a fold grows is not copied; lists that are sets or maps by key are compared item by item. */
function concatenationCost(args: readonly CelValue[]): number {
  const [a, b] = args;
  if (a instanceof GrowingList) return 1;
  return a instanceof ListValue && a.type?.listType !== undefined ? deepCost(a) + deepCost(b) : bothOf(args);
}

/** Of lists that are sets or maps by key the items of `b` replace those of `a` that are the same, and others follow. */
function concatenate(a: ListValue, b: ListValue): ListValue {
  if (a instanceof GrowingList) return a.append(b);
  const type = a.type?.listType === undefined ? undefined : a.type;
  if (type === undefined) return new ArrayList([...a, ...b]);
  return new ArrayList(mergedItems(a, b, type), type);
}

function indexing(): Overload[] {
  return [
    overload("_[_](list<A>, int): A", indexList),
    overload("_[_](map<K, V>, K): V", indexMap),
    overload("_[_](optional<list<A>>, int): optional<A>", (list, index) => optionalIndex(list, index)),
    overload("_[_](optional<map<K, V>>, K): optional<V>", (map, key) => optionalIndex(map, key)),
    overload("_[?_](list<A>, int): optional<A>", (list, index) => optionalIndex(OptionalValue.of(list), index)),
    overload("_[?_](map<K, V>, K): optional<V>", (map, key) => optionalIndex(OptionalValue.of(map), key)),
    overload("_[?_](optional<list<A>>, int): optional<A>", (list, index) => optionalIndex(list, index)),
    overload("_[?_](optional<map<K, V>>, K): optional<V>", (map, key) => optionalIndex(map, key)),
  ];
}

function indexList(list: ListValue, index: CelValue): CelValue | Failure {
  const at = keyOf(index);
  if (typeof at !== "bigint") return failure("unsupported index type");
  return at < 0n || at >= BigInt(list.size) ? failure(`index out of bounds: ${at}`) : list.at(Number(at));
}

function indexMap(map: MapValue, key: CelValue): CelValue | Failure {
  const found = map.get(key);
  if (found !== undefined) return found;
  const by = keyOf(key);
  return by === undefined ? failure("unsupported key type") : absent(by);
}

/** Of what is there under the key; none where nothing is. */
function optionalIndex(container: OptionalValue, key: CelValue): CelValue | Failure {
  if (!container.present) return container;
  const inner = container.value;
  if (inner instanceof MapValue) {
    const found = inner.get(key);
    return found === undefined ? OptionalValue.none : OptionalValue.of(found);
  }
  if (!(inner instanceof ListValue)) return failure("no such overload");
  const found = indexList(inner, key);
  return found instanceof Failure ? OptionalValue.none : OptionalValue.of(found);
}
