import { compare, equal } from "../runtime/equality.ts";
import { type Failure, failure } from "../runtime/failure.ts";
import { deepCost, sizeOf } from "../runtime/size.ts";
import { Duration, type ListValue, Uint } from "../runtime/values.ts";
import type { CelValue } from "../types.ts";
import { type Overload, overload, type OverloadOptions } from "./overload.ts";

const COMPARABLE = ["int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes"];
const walk: OverloadOptions = {
  cost: ([list]) => Math.max(sizeOf(list), deepCost(list)),
  estimate: ([list]) => ({ cost: Math.ceil((list?.size ?? 0) * (1 + (list?.element?.size ?? 0) * 0.1)) }),
};

/** Kubernetes' list functions. */
export function lists(): readonly Overload[] {
  return [
    ...COMPARABLE.flatMap((type) => [
      overload(`list<${type}>.isSorted(): bool`, isSorted, walk),
      overload(`list<${type}>.min(): ${type}`, (list) => extreme(list, "min"), walk),
      overload(`list<${type}>.max(): ${type}`, (list) => extreme(list, "max"), walk),
    ]),
    overload("list<int>.sum(): int", (list) => total(list, 0n), walk),
    overload("list<uint>.sum(): uint", (list) => total(list, new Uint(0n)), walk),
    overload("list<double>.sum(): double", (list) => total(list, 0), walk),
    overload("list<duration>.sum(): duration", (list) => total(list, new Duration(0n)), walk),
    overload("list<A>.indexOf(A): int", (list, item) => BigInt(list.findIndex((x: CelValue) => equal(x, item))), walk),
    overload("list<A>.lastIndexOf(A): int", lastIndexOf, walk),
  ];
}

function isSorted(list: ListValue): boolean {
  for (let i = 1; i < list.size; i++) if ((compare(list.at(i - 1), list.at(i)) ?? 0) > 0) return false;
  return true;
}

function extreme(list: ListValue, which: "min" | "max"): CelValue | Failure {
  if (list.size === 0) return failure(`${which} called on empty list`);
  let found = list.at(0);
  for (const item of list) {
    const order = compare(item, found) ?? 0;
    if (which === "min" ? order < 0 : order > 0) found = item;
  }
  return found;
}

const INT_MAX = (1n << 63n) - 1n;
function total(list: ListValue, zero: bigint | number | Uint | Duration): CelValue | Failure {
  let sum: bigint | number = typeof zero === "number" ? 0 : 0n;
  for (const item of list) {
    const value = item instanceof Uint ? item.value : item instanceof Duration ? item.nanos : (item as bigint | number);
    if (typeof value !== typeof sum) return failure("no such overload");
    sum = (sum as number) + (value as number);
  }
  if (typeof sum === "number") return sum;
  if (zero instanceof Uint) return sum >= 1n << 64n ? failure("unsigned integer overflow") : new Uint(sum);
  if (sum > INT_MAX || sum < -INT_MAX - 1n) return failure("integer overflow");
  return zero instanceof Duration ? new Duration(sum) : sum;
}

function lastIndexOf(list: ListValue, item: CelValue): bigint {
  for (let i = list.size - 1; i >= 0; i--) if (equal(list.at(i), item)) return BigInt(i);
  return -1n;
}

/** cel-go's sets: lists compared as sets. */
export function sets(): readonly Overload[] {
  const each: OverloadOptions = {
    cost: ([a, b]) =>
      Math.max(1, sizeOf(a)) * Math.max(1, sizeOf(b)) + deepCost(a) * sizeOf(b) + deepCost(b) * sizeOf(a),
    estimate: ([a, b]) => ({ cost: Math.max(1, a?.size ?? 0) * Math.max(1, b?.size ?? 0) }),
  };
  const contains = (a: ListValue, b: ListValue): boolean =>
    [...b].every((item) => a.some((other) => equal(item, other)));
  return [
    overload("sets.contains(list<A>, list<A>): bool", contains, each),
    overload("sets.equivalent(list<A>, list<A>): bool", (a, b) => contains(a, b) && contains(b, a), each),
    overload(
      "sets.intersects(list<A>, list<A>): bool",
      (a: ListValue, b: ListValue) => b.some((item) => a.some((other) => equal(item, other))),
      each,
    ),
  ];
}
