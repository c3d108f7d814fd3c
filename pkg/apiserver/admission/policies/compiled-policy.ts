import {
  BOOL,
  ExpressionCompiler,
  type ExpressionOptions,
  STRING,
  STRING_OR_NULL,
} from "#pkg/api/admissionregistration/expressions.ts";
import type { AuditAnnotation, Validation } from "#pkg/api/types/admissionregistration-v1.ts";
import type { CelType, Compiled, CompileError } from "#pkg/cel/index.ts";
import type { AnyPolicy } from "./types.ts";

export type Program = Compiled | CompileError;

/** What all policies have. */
export interface CompiledPolicy {
  readonly conditions: readonly { readonly expression: string; readonly program: Program }[];
  readonly variables: ReadonlyMap<string, Program>;
}
export interface CompiledValidation {
  readonly validation: Validation;
  readonly program: Program;
  readonly message: Program | undefined;
}
export interface CompiledAnnotation {
  readonly annotation: AuditAnnotation;
  readonly program: Program;
}

export interface PolicyCompiler {
  readonly policy: CompiledPolicy;
  readonly compile: (expression: string, returns: CelType | readonly CelType[], options?: ExpressionOptions) => Program;
}

/** Conditions and variables; what else a policy has is compiled with the answer's `compile`. */
export function compilePolicy({ spec }: AnyPolicy, mutation: boolean): PolicyCompiler {
  const params = spec.paramKind !== undefined;
  const conditions = new ExpressionCompiler({ params, authorizer: true });
  const compiler = new ExpressionCompiler({ params, authorizer: true, mutation });
  for (const variable of spec.variables ?? []) compiler.addVariable(variable);
  return {
    policy: {
      conditions: (spec.matchConditions ?? []).map(({ expression }) => ({
        expression,
        program: conditions.compile(expression, BOOL),
      })),
      variables: compiler.variables,
    },
    compile: (expression, returns, options) => compiler.compile(expression, returns, options),
  };
}

export function compileValidation(
  { compile }: PolicyCompiler,
  params: boolean,
  validation: Validation,
): CompiledValidation {
  const { messageExpression = "" } = validation;
  return {
    validation,
    program: compile(validation.expression, BOOL),
    message:
      messageExpression.trim() === "" ? undefined : compile(messageExpression, STRING, { params, authorizer: false }),
  };
}

export const compileAnnotation = ({ compile }: PolicyCompiler, annotation: AuditAnnotation): CompiledAnnotation => ({
  annotation,
  program: compile(annotation.valueExpression.trim(), STRING_OR_NULL),
});
