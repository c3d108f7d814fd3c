import type { FieldError } from "#pkg/errors/index.ts";
import type { Column, Strategy } from "../definition.ts";
import type { KubeObject } from "../resource-ref.ts";
import type { Schema } from "../schema/schema.ts";
import type { CustomResourceDefinitionVersion } from "../types/apiextensions-v1.ts";
import { printerColumns } from "./printer-columns.ts";
import { scaleRules, validateScale } from "./scale.ts";
import { applyDefaults } from "./schema/defaults.ts";
import { validateEmbeddedResources } from "./schema/embedded-resources.ts";
import { loadPatterns } from "./schema/engines.ts";
import { Findings } from "./schema/findings.ts";
import { isObject, jsonEqual, type JsonObject, ownValue } from "./schema/json.ts";
import { validateListTypes } from "./schema/list-types.ts";
import type { SchemaNode } from "./schema/schema-node.ts";
import { ABSENT, SchemaValidator } from "./schema/schema-validator.ts";

/** What a custom resource's validation needs, made when the first object is written. */
interface Checks {
  readonly object: SchemaValidator;
  /** Of the value of `status` alone, for writes of that subresource. */
  readonly status: SchemaValidator | undefined;
}

/** The rules of one version of a custom resource: its schema's, and those of its subresources. */
export function customResourceStrategy(version: CustomResourceDefinitionVersion, root: () => SchemaNode): Strategy {
  const { scale, status } = version.subresources ?? {};
  let columns: readonly Column[] | undefined;
  let checks: Checks | undefined;
  const checked = (): Checks => {
    if (checks === undefined) throw new Error("Custom resources are validated after ready()");
    return checks;
  };
  const validateMain = (object: JsonObject, old: KubeObject | undefined): FieldError[] => {
    const findings = new Findings();
    checked().object.validate(object, "", findings, old ?? ABSENT);
    const errors = [...findings.errors];
    if (scale !== undefined)
      errors.push(...validateScale(object, scale, "spec"), ...validateScale(object, scale, "status"));
    errors.push(...validateEmbeddedResources(object, root(), ""), ...listTypeErrors(object, old, root()));
    return errors;
  };
  return {
    ready: () => {
      if (checks !== undefined) return undefined;
      return loadChecks(root()).then((loaded) => void (checks = loaded));
    },
    defaults: (object) => applyDefaults(object, root()),
    generation: true,
    allowUnconditionalUpdate: false,
    prepareForCreate: (object) => {
      if (status !== undefined) delete object["status"];
    },
    prepareForUpdate: (object, old) => {
      // The machine counts what is neither metadata nor status; without that subresource, status counts too.
      const was = (old as { status?: unknown }).status;
      if (status === undefined && !jsonEqual(object["status"], was))
        object.metadata.generation = (old.metadata.generation ?? 0) + 1;
    },
    validate: (object) => validateMain(object, undefined),
    validateUpdate: (object, old) => validateMain(object, old),
    validateStatusUpdate: (object, old) => {
      const findings = new Findings("status");
      const given = ownValue(object, "status");
      const was = ownValue(old as unknown as JsonObject, "status");
      if (given !== undefined) checked().status?.validate(given, "", findings, was ?? ABSENT);
      const errors = [...findings.errors];
      if (scale !== undefined) errors.push(...validateScale(object, scale, "status"));
      errors.push(...listTypeErrors(object, old, root()));
      return errors;
    },
    get columns() {
      return (columns ??= printerColumns(version.additionalPrinterColumns));
    },
    ...(scale === undefined ? {} : { scale: scaleRules(scale) }),
    ...(version.selectableFields === undefined ? {} : { selectableFields: selectableFields(version) }),
  };
}

async function loadChecks(root: SchemaNode): Promise<Checks> {
  const compilePattern = await loadPatterns();
  const status = root.schema.properties?.["status"];
  return {
    object: new SchemaValidator(root.schema, compilePattern, true),
    status: status === undefined ? undefined : new SchemaValidator(status, compilePattern),
  };
}

/** Lists that broke the rule already may go on doing so. */
function listTypeErrors(object: JsonObject, old: KubeObject | undefined, root: SchemaNode): FieldError[] {
  const errors = validateListTypes(object, root, "");
  return errors.length > 0 && old !== undefined && validateListTypes(old, root, "").length > 0 ? [] : errors;
}

function selectableFields(version: CustomResourceDefinitionVersion): Strategy["selectableFields"] {
  const fields: Record<string, (object: KubeObject) => string> = {};
  for (const { jsonPath } of version.selectableFields ?? []) {
    const names = jsonPath.replace(/^\./, "").split(".");
    fields[names.join(".")] = (object) => {
      let value: unknown = object;
      for (const name of names) value = isObject(value) ? ownValue(value, name) : undefined;
      if (typeof value === "string") return value;
      return typeof value === "boolean" || typeof value === "number" ? String(value) : "";
    };
  }
  return fields;
}

/** True for schemas with rules in CEL anywhere. */
export const hasRules = (schema: Schema): boolean => JSON.stringify(schema).includes('"x-kubernetes-validations"');
