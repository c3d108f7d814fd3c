import type { Expr } from "./syntax/ast.ts";
import { plan, type Program } from "./runtime/interpreter.ts";
import type { CelType, Compiled } from "./types.ts";

export interface CompiledParts {
  readonly expression: string;
  readonly type: CelType;
  readonly uses: ReadonlySet<string>;
  readonly root: Expr;
  readonly variables: ReadonlyMap<string, CelType>;
  readonly typeNamed: (name: string) => CelType | undefined;
}

/** What `Compiled` is inside. The program is made at the first evaluation: many expressions are only checked. */
export class CompiledExpression implements Compiled {
  readonly error?: undefined;
  readonly expression: string;
  readonly type: CelType;
  readonly uses: ReadonlySet<string>;
  readonly root: Expr;
  readonly #parts: CompiledParts;
  #program: Program | undefined;

  constructor(parts: CompiledParts) {
    this.expression = parts.expression;
    this.type = parts.type;
    this.uses = parts.uses;
    this.root = parts.root;
    this.#parts = parts;
  }

  get program(): Program {
    this.#program ??= plan(this.root, this.#parts.typeNamed);
    return this.#program;
  }

  variableType(name: string): CelType | undefined {
    return this.#parts.variables.get(name);
  }
}
