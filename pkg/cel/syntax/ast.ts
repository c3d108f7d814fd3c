import type { CelType } from "../types.ts";
import type { Overload } from "../libraries/overload.ts";

/** A literal: ints are bigint, doubles number, bytes Uint8Array; uint literals are `{ uint }`. */
export type Literal = null | boolean | bigint | number | string | Uint8Array | { readonly uint: bigint };

/** What every node has; the checker fills `type`. `at` is an offset (UTF-16) into the expression, for messages. */
interface NodeBase {
  readonly at: number;
  type?: CelType;
}
export interface LiteralNode extends NodeBase {
  readonly kind: "literal";
  readonly value: Literal;
}
export interface IdentNode extends NodeBase {
  readonly kind: "ident";
  name: string;
  /** Set by the checker: the ident names a type. */
  typeValue?: CelType;
}
export interface SelectNode extends NodeBase {
  readonly kind: "select";
  readonly operand: Expr;
  readonly field: string;
  /** has(a.b) */
  readonly test: boolean;
  /** Set by the checker: the whole chain is one name (`a.b` declared as a variable or type). */
  name?: string;
  typeValue?: CelType;
}
export interface CallNode extends NodeBase {
  readonly kind: "call";
  fn: string;
  target: Expr | undefined;
  readonly args: readonly Expr[];
  /** Set by the checker: the overloads that may apply at run time. */
  overloads?: readonly Overload[];
}
export interface ListNode extends NodeBase {
  readonly kind: "list";
  readonly elements: readonly { readonly value: Expr; readonly optional: boolean }[];
}
export interface MapNode extends NodeBase {
  readonly kind: "map";
  readonly entries: readonly { readonly key: Expr; readonly value: Expr; readonly optional: boolean }[];
}
export interface StructNode extends NodeBase {
  readonly kind: "struct";
  readonly name: string;
  readonly fields: readonly {
    readonly at: number;
    readonly name: string;
    readonly value: Expr;
    readonly optional: boolean;
  }[];
}
/** What macros become: a fold over a list or map. */
export interface FoldNode extends NodeBase {
  readonly kind: "fold";
  readonly range: Expr;
  readonly variable: string;
  readonly variable2: string | undefined;
  readonly accumulator: string;
  readonly init: Expr;
  readonly condition: Expr;
  readonly step: Expr;
  readonly result: Expr;
}
export type Expr = LiteralNode | IdentNode | SelectNode | CallNode | ListNode | MapNode | StructNode | FoldNode;

/** What a call is made with: its receiver, where it has one, and its arguments. */
export const argumentsOf = ({ target, args }: CallNode): readonly Expr[] =>
  target === undefined ? args : [target, ...args];

/** The children in order of evaluation. */
export function childrenOf(node: Expr): readonly Expr[] {
  switch (node.kind) {
    case "select":
      return [node.operand];
    case "call":
      return argumentsOf(node);
    case "list":
      return node.elements.map((element) => element.value);
    case "map":
      return node.entries.flatMap((entry) => [entry.key, entry.value]);
    case "struct":
      return node.fields.map((field) => field.value);
    case "fold":
      return [node.range, node.init, node.condition, node.step, node.result];
    default:
      return [];
  }
}
