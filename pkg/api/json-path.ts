/**
 * JSONPath as kubectl and the columns of CRDs write it (client-go's util/jsonpath, without templates): fields,
 * `['key']`, indexes, slices, `[*]`, unions, `..`, filters `[?(@.type=="Ready")]`. Missing fields are no error.
 */
import { JsonPathError, JsonPathParser, type PathNode } from "./json-path-parser.ts";

export { JsonPathError };

type Obj = Readonly<Record<string, unknown>>;

/** Each `..` may multiply what there is: paths come from CRDs, and run on every list that is shown as a table. */
const MAX_VALUES = 10_000;

export class JsonPath {
  readonly #nodes: readonly PathNode[];

  /** `text` without the braces of a template, ".spec.replicas". @throws JsonPathError in upstream's words */
  constructor(text: string) {
    this.#nodes = new JsonPathParser(text).parse();
  }

  /** All values at the path. @throws JsonPathError where an index is out of bounds or a list is none */
  find(value: unknown): unknown[] {
    return walkAll([value], this.#nodes);
  }

  /** The first value at the path, undefined where there is none or the path does not fit the value. */
  first(value: unknown): unknown {
    try {
      return this.find(value)[0];
    } catch (err) {
      if (err instanceof JsonPathError) return undefined;
      throw err;
    }
  }
}

/** A value as a template prints it. */
export function printJsonPathValue(value: unknown): string {
  if (value === null || value === undefined) return "<no value>";
  return typeof value === "string" ? value : JSON.stringify(value);
}

const walkAll = (values: unknown[], nodes: readonly PathNode[]): unknown[] =>
  nodes.reduce((found, node) => bounded(walk(found, node)), values);

function bounded(values: unknown[]): unknown[] {
  if (values.length > MAX_VALUES) throw new JsonPathError("the path leads to too many values");
  return values;
}

function walk(values: readonly unknown[], node: PathNode): unknown[] {
  switch (node.kind) {
    case "field":
      return values
        .filter((value) => isObj(value) && Object.hasOwn(value, node.name))
        .map((value) => (value as Obj)[node.name]);
    case "slice":
      return values.flatMap((value) => slice(value, node));
    case "wildcard":
      return values.flatMap(children);
    case "recursive": {
      const found: unknown[] = [];
      for (const value of values) descend(value, found);
      return found;
    }
    case "union":
      return node.paths.flatMap((path) => walkAll([...values], path));
    case "filter":
      return values.flatMap((value) => filter(value, node));
    case "value":
      return values.map(() => node.value);
  }
}

const isObj = (value: unknown): value is Obj => typeof value === "object" && value !== null && !Array.isArray(value);

function children(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return isObj(value) ? Object.keys(value).map((key) => value[key]) : [];
}

/** The value and all below it that hold something. */
function descend(value: unknown, found: unknown[]): void {
  const below = children(value);
  if (below.length === 0) return;
  bounded(found).push(value);
  for (const each of below) descend(each, found);
}

function slice(value: unknown, node: Extract<PathNode, { kind: "slice" }>): unknown[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw new JsonPathError(`${goType(value)} is not array or slice`);
  const { length } = value;
  const from = node.from === undefined ? 0 : node.from < 0 ? node.from + length : node.from;
  let to = node.to ?? length;
  if (to < 0 || (to === 0 && node.isIndex)) to += length;
  if (from === to) return [];
  if (from >= length || from < 0) throw new JsonPathError(`array index out of bounds: index ${from}, length ${length}`);
  if (to > length || to < 0) throw new JsonPathError(`array index out of bounds: index ${to - 1}, length ${length}`);
  if (from > to) throw new JsonPathError(`starting index ${from} is greater than ending index ${to}`);
  const step = node.step ?? 1;
  if (step <= 0) throw new JsonPathError("step must be > 0");
  return value.slice(from, to).filter((_, i) => i % step === 0);
}

function goType(value: unknown): string {
  if (typeof value === "string") return "string";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  return "map[string]interface {}";
}

function filter(value: unknown, node: Extract<PathNode, { kind: "filter" }>): unknown[] {
  if (!Array.isArray(value))
    throw new JsonPathError(`${printJsonPathValue(value)} is not array or slice and cannot be filtered`);
  return value.filter((item: unknown) => {
    const lefts = walkAll([item], node.left);
    if (node.operator === "exists") return lefts.length > 0;
    const rights = walkAll([item], node.right);
    if (lefts.length === 0 || rights.length === 0) return false;
    if (lefts.length > 1 || rights.length > 1) throw new JsonPathError("can only compare one element at a time");
    return compare(lefts[0], rights[0], node.operator);
  });
}

function compare(left: unknown, right: unknown, operator: string): boolean {
  if (typeof left !== typeof right || typeof left === "object")
    throw new JsonPathError("incompatible types for comparison");
  const [a, b] = [left as string | number, right as string | number];
  switch (operator) {
    case "==":
      return a === b;
    case "!=":
      return a !== b;
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
    default:
      throw new JsonPathError(`unrecognized filter operator ${operator}`);
  }
}
