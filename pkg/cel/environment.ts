import { check, type Declarations } from "./check/checker.ts";
import { functionsNamed } from "./libraries/table.ts";
import { CompiledExpression } from "./compiled.ts";
import { literalProblems } from "./check/literals.ts";
import { CelSyntaxError, formatErrors, type SourceError } from "./source-error.ts";
import type { Expr } from "./syntax/ast.ts";
import { parse } from "./syntax/parser.ts";
import { celTypes, sameType, typeName } from "./type.ts";
import type { CelEnvironmentOptions, CelType, Compiled, CompileError, CompileOptions } from "./types.ts";

const TYPE_NAMES: Readonly<Record<string, CelType>> = {
  bool: celTypes.bool,
  int: celTypes.int,
  uint: celTypes.uint,
  double: celTypes.double,
  string: celTypes.string,
  bytes: celTypes.bytes,
  null_type: celTypes.null,
  type: celTypes.typeOf(celTypes.dyn),
  list: celTypes.list(celTypes.dyn),
  map: celTypes.map(celTypes.dyn, celTypes.dyn),
  optional_type: celTypes.optional(celTypes.dyn),
  "google.protobuf.Timestamp": celTypes.timestamp,
  "google.protobuf.Duration": celTypes.duration,
};

/** What expressions may speak of: variables, and all libraries of Kubernetes. */
export class CelEnvironment {
  readonly #options: CelEnvironmentOptions;
  readonly #variables: ReadonlyMap<string, CelType>;

  constructor(options: CelEnvironmentOptions) {
    this.#options = options;
    this.#variables = new Map(Object.entries(options.variables));
  }

  /** With more variables, or others in their place. */
  extend(variables: Readonly<Record<string, CelType>>): CelEnvironment {
    return new CelEnvironment({ ...this.#options, variables: { ...this.#options.variables, ...variables } });
  }

  compile(expression: string, options: CompileOptions = {}): Compiled | CompileError {
    const declarations: Declarations = {
      variable: (name) => this.#variables.get(name),
      // What makes patches has the functions for them.
      functions: (name) =>
        name.startsWith("jsonpatch.") && this.#options.constructible === undefined ? undefined : functionsNamed(name),
      typeNamed: (name) =>
        this.#options.constructible?.(name) ?? (Object.hasOwn(TYPE_NAMES, name) ? TYPE_NAMES[name] : undefined),
    };
    let root: Expr;
    try {
      root = parse(expression, this.#options);
    } catch (err) {
      if (!(err instanceof CelSyntaxError)) throw err;
      return failed(expression, [{ offset: err.offset, message: err.message }]);
    }
    const { type, errors, uses } = check(root, declarations);
    const problems = errors.length > 0 ? errors : literalProblems(root);
    if (problems.length > 0) return failed(expression, problems);
    const wanted = options.returns === undefined ? [] : [options.returns].flat();
    if (wanted.length > 0 && !wanted.some((one) => sameType(one, type)))
      return { expression, error: returnProblem(wanted, type) };
    return new CompiledExpression({
      expression,
      type,
      uses,
      root,
      variables: this.#variables,
      typeNamed: declarations.typeNamed,
    });
  }
}

const failed = (expression: string, errors: readonly SourceError[]): CompileError => ({
  expression,
  error: `compilation failed: ${formatErrors(expression, errors)}`,
});

function returnProblem(wanted: readonly CelType[], type: CelType): string {
  const names = wanted.map(typeName);
  const one = names.length === 1 ? (names[0] as string) : `one of [${names.join(" ")}]`;
  return `must evaluate to ${one} but got ${typeName(type)}`;
}
