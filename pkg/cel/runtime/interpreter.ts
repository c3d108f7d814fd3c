import {
  argumentsOf,
  type CallNode,
  type Expr,
  type FoldNode,
  type ListNode,
  type Literal,
  type MapNode,
  type SelectNode,
  type StructNode,
} from "../syntax/ast.ts";
import type { CelType, CelValue, ObjectType } from "../types.ts";
import { type Failure as FailureType, Failure, failure } from "./failure.ts";
import type { Meter } from "./meter.ts";
import { invoke, isAbsent, selectField } from "./operations.ts";
import {
  ArrayList,
  GrowingList,
  ListValue,
  LiteralMap,
  MapValue,
  OptionalValue,
  StructValue,
  TypeValue,
  Uint,
} from "./values.ts";

/** One evaluation. */
export interface Frame {
  readonly meter: Meter;
  /** The value of a declared variable. */
  readonly variable: (name: string) => CelValue | FailureType;
  /** Variables of folds, by slot. */
  readonly locals: (CelValue | FailureType)[];
}
export type Program = (frame: Frame) => CelValue | FailureType;

const LIST_COST = 10;
const MAP_COST = 30;
const STRUCT_COST = 40;

/** A checked tree as a function. `typeNamed` finds the types that structs construct. */
export function plan(root: Expr, typeNamed: (name: string) => CelType | undefined): Program {
  return new Planner(typeNamed).plan(root);
}

class Planner {
  readonly #typeNamed: (name: string) => CelType | undefined;
  readonly #scopes: string[] = [];

  constructor(typeNamed: (name: string) => CelType | undefined) {
    this.#typeNamed = typeNamed;
  }

  plan(node: Expr): Program {
    switch (node.kind) {
      case "literal":
        return constant(literalValue(node.value));
      case "ident":
        return node.typeValue === undefined ? this.#variable(node.name) : constant(new TypeValue(node.typeValue));
      case "select":
        return this.#select(node);
      case "call":
        return this.#call(node);
      case "list":
        return this.#list(node);
      case "map":
        return this.#map(node);
      case "struct":
        return this.#struct(node);
      case "fold":
        return this.#fold(node);
    }
  }

  #variable(name: string): Program {
    const slot = this.#scopes.lastIndexOf(name);
    return ({ meter, locals, variable }) => {
      meter.spend(1);
      return slot < 0 ? variable(name) : locals[slot];
    };
  }

  #select(node: SelectNode): Program {
    if (node.typeValue !== undefined) return constant(new TypeValue(node.typeValue));
    if (node.name !== undefined) return this.#variable(node.name);
    const operand = this.plan(node.operand);
    const { field, test } = node;
    return (frame) => {
      const value = operand(frame);
      if (value instanceof Failure) return value;
      // Upstream asks no price for has().
      if (!test) frame.meter.spend(1);
      const found = selectField(value, field);
      if (!test) return found;
      return isAbsent(found)
        ? false
        : found instanceof Failure
          ? found
          : !(found instanceof OptionalValue) || found.present;
    };
  }

  #call(node: CallNode): Program {
    const given = argumentsOf(node);
    const args = given.map((arg) => this.plan(arg));
    const [first, second, third] = args as [Program, Program, Program];
    switch (node.fn) {
      case "_&&_":
        return logical(first, second, false);
      case "_||_":
        return logical(first, second, true);
      case "_?_:_":
        return (frame) => {
          const condition = first(frame);
          if (condition instanceof Failure) return condition;
          if (typeof condition !== "boolean") return failure("no such overload");
          return condition ? second(frame) : third(frame);
        };
      case "@not_strictly_false":
        return (frame) => first(frame) !== false;
      // or and orValue evaluate their argument only when it is needed.
      case "or":
      case "orValue":
        return (frame) => {
          const value = first(frame);
          if (value instanceof Failure) return value;
          if (!(value instanceof OptionalValue)) return failure(`no such overload: ${node.fn}`);
          frame.meter.spend(1);
          if (!value.present) return second(frame);
          return node.fn === "or" ? value : value.value;
        };
      case "_?._":
        return (frame) => {
          const value = first(frame);
          const field = second(frame);
          if (value instanceof Failure) return value;
          frame.meter.spend(1);
          const found = selectField(value, field as string);
          if (found instanceof OptionalValue) return found;
          return isAbsent(found) ? OptionalValue.none : found instanceof Failure ? found : OptionalValue.of(found);
        };
      default:
        return invoke(
          node.fn,
          (node.overloads ?? []).map((each) => (each.atSite === undefined ? each : { ...each, ...each.atSite(given) })),
          args,
        );
    }
  }

  #list({ elements }: ListNode): Program {
    const items = elements.map(({ value, optional }) => ({ value: this.plan(value), optional }));
    return (frame) => {
      frame.meter.spend(LIST_COST);
      const values: CelValue[] = [];
      for (const item of items) {
        const value = item.value(frame);
        if (value instanceof Failure) return value;
        if (!item.optional) values.push(value);
        else if (!(value instanceof OptionalValue))
          return failure("cannot initialize optional list element from non-optional value");
        else if (value.present) values.push(value.value);
      }
      return new ArrayList(values);
    };
  }

  #map({ entries }: MapNode): Program {
    const plans = entries.map((e) => ({ key: this.plan(e.key), value: this.plan(e.value), optional: e.optional }));
    return (frame) => {
      frame.meter.spend(MAP_COST);
      const map = new LiteralMap();
      for (const entry of plans) {
        const key = entry.key(frame);
        if (key instanceof Failure) return key;
        let value = entry.value(frame);
        if (value instanceof Failure) return value;
        if (entry.optional) {
          if (!(value instanceof OptionalValue))
            return failure("cannot initialize optional entry from non-optional value");
          if (!value.present) continue;
          value = value.value;
        }
        if (!map.add(key, value)) return failure(map.has(key) ? "Failed with repeated key" : "unsupported key type");
      }
      return map;
    };
  }

  #struct({ name, fields }: StructNode): Program {
    const type = this.#typeNamed(name) as ObjectType;
    const plans = fields.map((field) => ({
      name: field.name,
      property: type.field(field.name)?.property ?? field.name,
      value: this.plan(field.value),
      optional: field.optional,
    }));
    return (frame) => {
      frame.meter.spend(STRUCT_COST);
      const values = new Map<string, CelValue>();
      for (const field of plans) {
        let value = field.value(frame);
        if (value instanceof Failure) return value;
        if (field.optional) {
          if (!(value instanceof OptionalValue))
            return failure("cannot initialize optional entry from non-optional value");
          if (!value.present) continue;
          value = value.value;
        }
        values.set(field.property, value);
      }
      return new StructValue(name, values);
    };
  }

  #fold(node: FoldNode): Program {
    const range = this.plan(node.range);
    const init = this.plan(node.init);
    const collects = node.init.kind === "list" && node.init.elements.length === 0;
    const accumulator = this.#scopes.push(node.accumulator) - 1;
    const variable = this.#scopes.push(node.variable) - 1;
    if (node.variable2 !== undefined) this.#scopes.push(node.variable2);
    const [condition, step] = [this.plan(node.condition), this.plan(node.step)];
    this.#scopes.length = variable;
    const result = this.plan(node.result);
    this.#scopes.length = accumulator;
    const two = node.variable2 !== undefined;
    return (frame) => {
      const over = range(frame);
      if (over instanceof Failure) return over;
      if (!(over instanceof ListValue || over instanceof MapValue)) return failure("got non-iterable range");
      const { locals } = frame;
      const initial = init(frame);
      if (initial instanceof Failure) return initial;
      locals[accumulator] = collects ? new GrowingList() : initial;
      for (const [key, value] of pairs(over, two)) {
        locals[variable] = key;
        if (two) locals[variable + 1] = value;
        // Each round costs something, whatever it evaluates: time must be bounded.
        frame.meter.spend(1);
        if (condition(frame) === false) break;
        const next = step(frame);
        locals[accumulator] = next;
        if (next instanceof Failure && !isLogical(node.step)) return next;
      }
      const collected = locals[accumulator];
      if (collected instanceof GrowingList) locals[accumulator] = collected.done();
      return result(frame);
    };
  }
}

const isLogical = (node: Expr): boolean => node.kind === "call" && (node.fn === "_&&_" || node.fn === "_||_");

/** One variable gets elements or keys; two get index and element, or key and value. */
function* pairs(over: ListValue | MapValue, two: boolean): Generator<readonly [CelValue, CelValue]> {
  if (over instanceof MapValue) for (const key of over.keys()) yield [key, two ? over.get(key) : undefined];
  else for (let i = 0; i < over.size; i++) yield two ? [BigInt(i), over.at(i)] : [over.at(i), undefined];
}

const constant =
  (value: CelValue): Program =>
  () =>
    value;

const literalValue = (literal: Literal): CelValue =>
  typeof literal === "object" && literal !== null && "uint" in literal ? new Uint(literal.uint) : literal;

/** && and || know their result from either side; what fails on the other side does not matter then. */
function logical(first: Program, second: Program, decisive: boolean): Program {
  return (frame) => {
    const left = first(frame);
    if (left === decisive) return decisive;
    const right = second(frame);
    if (right === decisive) return decisive;
    if (left instanceof Failure) return left;
    if (right instanceof Failure) return right;
    return typeof left === "boolean" && typeof right === "boolean" ? !decisive : failure("no such overload");
  };
}
