import type { Overload } from "../libraries/overload.ts";
import type { SourceError } from "../source-error.ts";
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
import { structName } from "../syntax/parser.ts";
import { celTypes, isDynamic, isOptional, partsOf, sameType, typeName } from "../type.ts";
import type { CelType, ListType, MapType, ObjectType } from "../types.ts";
import { Substitution } from "./substitution.ts";

/** What names mean to the checker. */
export interface Declarations {
  readonly variable: (name: string) => CelType | undefined;
  readonly functions: (name: string) => readonly Overload[] | undefined;
  /** What a name stands for when it names a type (`int`, `Object.spec`). */
  readonly typeNamed: (name: string) => CelType | undefined;
}

export interface CheckResult {
  readonly type: CelType;
  readonly errors: readonly SourceError[];
  /** Declared variables that are used. */
  readonly uses: ReadonlySet<string>;
}

/** Gives every node its type and every call its overloads. Findings are collected; a node with one has type "error". */
export function check(root: Expr, declarations: Declarations): CheckResult {
  const checker = new Checker(declarations);
  const type = checker.check(root);
  checker.finish(root);
  return { type: checker.final(type), errors: checker.errors, uses: checker.uses };
}

class Checker {
  readonly errors: SourceError[] = [];
  readonly uses = new Set<string>();
  readonly #declarations: Declarations;
  readonly #scopes: { readonly name: string; readonly type: CelType }[] = [];
  readonly #checked: Expr[] = [];
  #types = new Substitution();
  #fresh = 0;

  constructor(declarations: Declarations) {
    this.#declarations = declarations;
  }

  final(type: CelType): CelType {
    return this.#types.apply(type, true);
  }

  /** Puts what became known of type parameters into all nodes. */
  finish(root: Expr): void {
    for (const node of [...this.#checked, root]) if (node.type !== undefined) node.type = this.final(node.type);
  }

  check(node: Expr): CelType {
    const type = this.#infer(node);
    node.type = type;
    this.#checked.push(node);
    return type;
  }

  #infer(node: Expr): CelType {
    switch (node.kind) {
      case "literal":
        return literalType(node.value);
      case "ident": {
        const found = this.#lookup(node.name);
        if (found === undefined) return this.#undeclared(node.at, node.name);
        if (found.typeValue !== undefined) node.typeValue = found.typeValue;
        return found.type;
      }
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

  #error(at: number, message: string): CelType {
    this.errors.push({ offset: at, message });
    return celTypes.error;
  }

  #undeclared(at: number, name: string): CelType {
    return this.#error(at, `undeclared reference to '${name}' (in container '')`);
  }

  #lookup(name: string): { readonly type: CelType; readonly typeValue?: CelType } | undefined {
    const local = this.#scopes.findLast((scope) => scope.name === name);
    if (local !== undefined) return { type: local.type };
    const declared = this.#declarations.variable(name);
    if (declared !== undefined) {
      this.uses.add(name);
      return { type: declared };
    }
    const named = this.#declarations.typeNamed(name);
    return named === undefined ? undefined : { type: celTypes.typeOf(named), typeValue: named };
  }

  #select(node: SelectNode): CelType {
    const chain = node.test ? undefined : structName(node);
    if (chain !== undefined && !this.#scopes.some((scope) => chain.startsWith(`${scope.name}.`))) {
      const found = this.#lookup(chain);
      if (found !== undefined) {
        node.name = chain;
        if (found.typeValue !== undefined) node.typeValue = found.typeValue;
        return found.type;
      }
    }
    const operand = this.check(node.operand);
    const type = this.#fieldType(node.at, operand, node.field);
    return node.test && type.kind !== "error" ? celTypes.bool : type;
  }

  /** Of an optional it is the optional of the field. */
  #fieldType(at: number, given: CelType, field: string): CelType {
    const operand = this.#types.apply(given);
    if (isOptional(operand)) {
      const type = this.#fieldType(at, operand.parameters[0] as CelType, field);
      return type.kind === "error" ? type : celTypes.optional(type);
    }
    switch (operand.kind) {
      case "map":
        return operand.value;
      case "object": {
        const found = operand.field(field);
        return found === undefined ? this.#error(at, `undefined field '${field}'`) : found.type;
      }
      case "param":
        this.#types.assignable(celTypes.dyn, operand);
        return celTypes.dyn;
      case "dyn":
      case "error":
        return celTypes.dyn;
      default:
        return this.#error(at, `type '${typeName(operand)}' does not support field selection`);
    }
  }

  #call(node: CallNode): CelType {
    if (node.fn === "_?._") return this.#optionalSelect(node);
    const { target } = node;
    if (target !== undefined) {
      const prefix = structName(target);
      const qualified = prefix === undefined ? undefined : `${prefix}.${node.fn}`;
      const overloads = qualified === undefined ? undefined : this.#declarations.functions(qualified);
      if (overloads !== undefined && !this.#scopes.some((scope) => scope.name === prefix)) {
        node.fn = qualified as string;
        node.target = undefined;
        const args = argumentsOf(node).map((arg) => this.check(arg));
        return this.#resolve(node, overloads, args);
      }
    }
    const overloads = this.#declarations.functions(node.fn);
    const args = argumentsOf(node).map((arg) => this.check(arg));
    if (overloads === undefined) return this.#undeclared(node.at, node.fn);
    return this.#resolve(node, overloads, args);
  }

  #resolve(node: CallNode, overloads: readonly Overload[], args: readonly CelType[]): CelType {
    const member = node.target !== undefined;
    const fitting: Overload[] = [];
    let result: CelType | undefined;
    for (const overload of overloads) {
      if (overload.member !== member) continue;
      const fresh = this.#instance(overload);
      if (!this.#types.assignableAll(args, fresh.parameters)) continue;
      fitting.push(overload);
      const type = this.#types.apply(fresh.result);
      result = result === undefined || sameType(result, type) ? type : celTypes.dyn;
    }
    if (result === undefined) {
      if (args.some((arg) => arg.kind === "error")) return celTypes.error;
      const shown = args.map((arg) => typeName(this.final(arg)));
      const list = member ? `${shown[0]}.(${shown.slice(1).join(", ")})` : `(${shown.join(", ")})`;
      return this.#error(node.at, `found no matching overload for '${node.fn}' applied to '${list}'`);
    }
    node.overloads = fitting;
    return result;
  }

  /** The overload with type parameters of its own for this call. */
  #instance(overload: Overload): { readonly parameters: readonly CelType[]; readonly result: CelType } {
    const names = new Substitution(
      new Map(["A", "B", "K", "T", "V"].map((name) => [name, celTypes.parameter(`${name}${this.#fresh}`)])),
    );
    this.#fresh++;
    return { parameters: overload.parameters.map((type) => names.apply(type)), result: names.apply(overload.result) };
  }

  #optionalSelect(node: CallNode): CelType {
    const [operand, field] = node.args as [Expr, Expr];
    const type = this.check(operand);
    this.check(field);
    const name = field.kind === "literal" && typeof field.value === "string" ? field.value : "";
    const found = this.#fieldType(node.at, type, name);
    if (found.kind === "error") return found;
    return isOptional(found) ? found : celTypes.optional(found);
  }

  #list(node: ListNode): CelType {
    let element: CelType | undefined;
    for (const { value, optional } of node.elements) element = this.#join(element, this.#held(value, optional));
    return celTypes.list(element ?? celTypes.parameter(`list${this.#fresh++}`));
  }

  #map(node: MapNode): CelType {
    let key: CelType | undefined;
    let value: CelType | undefined;
    for (const entry of node.entries) {
      key = this.#join(key, keyType(this.check(entry.key)));
      value = this.#join(value, this.#held(entry.value, entry.optional));
    }
    return celTypes.map(
      key ?? celTypes.parameter(`key${this.#fresh++}`),
      value ?? celTypes.parameter(`value${this.#fresh++}`),
    );
  }

  /** The type of an element, out of its optional where it is marked so. */
  #held(value: Expr, optional: boolean): CelType {
    const type = this.#types.apply(this.check(value));
    if (!optional || isDynamic(type)) return type;
    if (isOptional(type)) return type.parameters[0] as CelType;
    return this.#mismatch(value.at, "optional_type(dyn)", type);
  }

  /** Elements of different types make a literal of dyn; `literalProblems` refuses most of those. */
  #join(before: CelType | undefined, type: CelType): CelType {
    if (before === undefined) return type;
    const known = this.#types.apply(before);
    if (isDynamic(known) || isDynamic(type)) return celTypes.dyn;
    if (this.#types.assignable(type, known)) return this.#types.apply(known);
    return this.#types.assignable(known, type) ? type : celTypes.dyn;
  }

  #mismatch(at: number, expected: string, found: CelType): CelType {
    return found.kind === "error"
      ? found
      : this.#error(at, `expected type '${expected}' but found '${typeName(this.final(found))}'`);
  }

  #struct(node: StructNode): CelType {
    const type = this.#declarations.typeNamed(node.name);
    if (type === undefined) {
      for (const field of node.fields) this.check(field.value);
      return this.#undeclared(node.at, node.name);
    }
    if (type.kind !== "object") return this.#error(node.at, `'${node.name}' is not a message type`);
    for (const field of node.fields) this.#structField(type, field);
    return type;
  }

  #structField(type: ObjectType, field: StructNode["fields"][number]): void {
    const found = this.#held(field.value, field.optional);
    const declared = type.field(field.name);
    if (declared === undefined) this.#error(field.at, `undefined field '${field.name}'`);
    else if (!this.#types.assignable(found, declared.type)) {
      const [wanted, given] = [typeName(declared.type), typeName(this.final(found))];
      this.#error(field.at, `expected type of field '${field.name}' is '${wanted}' but provided type is '${given}'`);
    }
  }

  #fold(node: FoldNode): CelType {
    const range = this.#types.apply(this.check(node.range));
    const init = this.check(node.init);
    const [first, second] = this.#rangeTypes(node, range);
    this.#scopes.push({ name: node.accumulator, type: init });
    const depth = this.#scopes.length;
    this.#scopes.push({ name: node.variable, type: first });
    if (node.variable2 !== undefined) this.#scopes.push({ name: node.variable2, type: second });
    this.#expect(node.condition, celTypes.bool);
    this.#expect(node.step, init);
    this.#scopes.length = depth;
    const result = this.check(node.result);
    this.#scopes.pop();
    return this.#types.apply(result);
  }

  /** One variable is an element or a key; two are index and element, or key and value. */
  #rangeTypes(node: FoldNode, range: CelType): readonly [CelType, CelType] {
    const two = node.variable2 !== undefined;
    if (range.kind === "list") return two ? [celTypes.int, (range as ListType).element] : [range.element, celTypes.dyn];
    if (range.kind === "map") return [(range as MapType).key, range.value];
    if (range.kind === "param") this.#types.assignable(celTypes.dyn, range);
    else if (!isDynamic(range)) {
      const why = `expression of type '${typeName(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`;
      this.#error(node.range.at, why);
    }
    return [celTypes.dyn, celTypes.dyn];
  }

  #expect(node: Expr, wanted: CelType): void {
    const found = this.check(node);
    if (!this.#types.assignable(found, wanted)) this.#mismatch(node.at, typeName(this.final(wanted)), found);
  }
}

/** Maps and lists can be no keys; with them as such, types could grow twofold with each level. */
const keyType = (type: CelType): CelType => (partsOf(type).length > 0 ? celTypes.dyn : type);

function literalType(value: Literal): CelType {
  if (value === null) return celTypes.null;
  switch (typeof value) {
    case "boolean":
      return celTypes.bool;
    case "bigint":
      return celTypes.int;
    case "number":
      return celTypes.double;
    case "string":
      return celTypes.string;
    default:
      return value instanceof Uint8Array ? celTypes.bytes : celTypes.uint;
  }
}
