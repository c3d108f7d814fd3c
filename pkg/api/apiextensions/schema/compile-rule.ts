import type { Compiled } from "#pkg/cel/types.ts";
import type { Schema } from "../../schema/schema.ts";
import type { ValidationRule } from "../../types/apiextensions-v1.ts";
import type { Cel } from "./engines.ts";
import { FieldPathError, readFieldPath } from "./field-path.ts";

/** One of x-kubernetes-validations, ready to run. The programs are absent where an error says why. */
export interface CompiledRule {
  readonly rule: ValidationRule;
  readonly program?: Compiled;
  readonly error?: string;
  readonly messageProgram?: Compiled;
  readonly messageError?: string;
  readonly usesOldSelf: boolean;
  /** Where findings go, below the rule's own place; "" for that itself. */
  readonly fieldPath: string;
}

/** Compiles the rules of one schema; undefined where expressions cannot see values of it. */
export function compileRules(cel: Cel, schema: Schema, isRoot: boolean): CompiledRule[] | undefined {
  const rules = (schema["x-kubernetes-validations"] ?? []) as readonly ValidationRule[];
  if (rules.length === 0) return [];
  const self = cel.schemaType(schema, {}, { root: isRoot });
  if (self === undefined) return undefined;
  const plain = new cel.CelEnvironment({ variables: { self, oldSelf: self } });
  return rules.map((rule) => {
    const environment = rule.optionalOldSelf === true ? plain.extend({ oldSelf: cel.celTypes.optional(self) }) : plain;
    const fieldPath = normalized(rule.fieldPath, schema);
    const program = environment.compile(rule.rule);
    if (program.error !== undefined) return { rule, error: program.error, usesOldSelf: false, fieldPath };
    if (program.type.kind !== "bool")
      return { rule, error: "cel expression must evaluate to a bool", usesOldSelf: false, fieldPath };
    const usesOldSelf = program.uses.has("oldSelf");
    if (!rule.messageExpression) return { rule, program, usesOldSelf, fieldPath };
    const message = environment.compile(rule.messageExpression);
    const messageError =
      message.error !== undefined
        ? `messageExpression ${message.error}`
        : message.type.kind === "string"
          ? undefined
          : "messageExpression must evaluate to a string";
    if (message.error !== undefined || messageError !== undefined)
      return { rule, program, messageError: messageError ?? "", usesOldSelf, fieldPath };
    return { rule, program, messageProgram: message, usesOldSelf, fieldPath };
  });
}

function normalized(fieldPath: string | undefined, schema: Schema): string {
  if (!fieldPath) return "";
  try {
    return readFieldPath(fieldPath, schema, { arrayNotation: true }).path;
  } catch (err) {
    if (err instanceof FieldPathError) return "";
    throw err;
  }
}
