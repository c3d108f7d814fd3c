import { equal } from "../runtime/equality.ts";
import { type Failure, failure } from "../runtime/failure.ts";
import { sizeOf } from "../runtime/size.ts";
import { ArrayList, ListValue, MapValue, OptionalValue, Uint } from "../runtime/values.ts";
import type { CelValue } from "../types.ts";
import { type Overload, overload } from "./overload.ts";

/** Values that may be absent. `or` and `orValue` are evaluated by the interpreter; they are here for their types. */
export function optional(): readonly Overload[] {
  const none = (): Failure => failure("no such overload");
  const first = (list: ListValue, index: number): OptionalValue =>
    list.size === 0 ? OptionalValue.none : OptionalValue.of(list.at(index));
  const held = (list: ListValue): ArrayList =>
    new ArrayList([...list].flatMap((item) => (item instanceof OptionalValue && item.present ? [item.value] : [])));
  return [
    overload("optional.of(A): optional<A>", (value: CelValue) => OptionalValue.of(value)),
    overload("optional.ofNonZeroValue(A): optional<A>", (value: CelValue) =>
      isZero(value) ? OptionalValue.none : OptionalValue.of(value),
    ),
    overload("optional.none(): optional<A>", () => OptionalValue.none),
    overload("optional.unwrap(list<optional<A>>): list<A>", held, { cost: ([list]) => sizeOf(list) }),
    overload("optional<A>.hasValue(): bool", (value: OptionalValue) => value.present),
    overload("optional<A>.value(): A", (value: OptionalValue) =>
      value.present ? value.value : failure("optional.none() dereference"),
    ),
    overload("optional<A>.or(optional<A>): optional<A>", none),
    overload("optional<A>.orValue(A): A", none),
    overload("list<A>.first(): optional<A>", (list: ListValue) => first(list, 0)),
    overload("list<A>.last(): optional<A>", (list: ListValue) => first(list, list.size - 1)),
    overload("list<optional<A>>.unwrapOpt(): list<A>", held, { cost: ([list]) => sizeOf(list) }),
  ];
}

function isZero(value: CelValue): boolean {
  if (value === null || value === "" || value === false) return true;
  if (value instanceof ListValue || value instanceof MapValue) return value.size === 0;
  if (value instanceof Uint8Array) return value.length === 0;
  return (typeof value === "bigint" || typeof value === "number" || value instanceof Uint) && equal(value, 0n);
}
