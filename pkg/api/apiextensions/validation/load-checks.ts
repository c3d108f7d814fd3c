import type { FieldError } from "#pkg/errors/index.ts";
import type { Schema } from "../../schema/schema.ts";
import type { CustomResourceDefinition as Definition } from "../../types/apiextensions-v1.ts";
import { loadCel, loadPatterns } from "../schema/engines.ts";
import { unknownFormats } from "../schema/unknown-formats.ts";
import { validateDefinition } from "./definition-rules.ts";
import { validateNames } from "./names-rules.ts";

/** All checks of CustomResourceDefinitions, with what they need in memory. */
export interface CheckDefinition {
  definition(crd: Definition, old: Definition | undefined): FieldError[];
  status(crd: Definition): FieldError[];
  /** Texts of warnings about what is new. */
  warnings(crd: Definition, old: Definition | undefined): string[];
}

export async function loadChecks(): Promise<CheckDefinition> {
  const engines = { compilePattern: await loadPatterns(), cel: await loadCel() };
  return {
    definition: (crd, old) => validateDefinition(crd, old, engines),
    status: (crd) => validateNames(crd.status?.acceptedNames, "status.acceptedNames"),
    warnings: (crd, old) => {
      const before = new Set(old === undefined ? [] : formatsOf(old));
      return formatsOf(crd)
        .filter((format) => !before.has(format))
        .map((format) => `unrecognized format ${JSON.stringify(format)}`);
    },
  };
}

function formatsOf({ spec }: Definition): string[] {
  return (spec.versions ?? []).flatMap(({ schema }) =>
    schema?.openAPIV3Schema === undefined ? [] : unknownFormats(schema.openAPIV3Schema as Schema),
  );
}
