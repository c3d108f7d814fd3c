import { type FieldError, fieldError } from "#pkg/errors/index.ts";
import type { Column, Strategy } from "../definition.ts";
import type { KubeObject } from "../resource-ref.ts";
import type { Schema } from "../schema/schema.ts";
import type { CustomResourceDefinitionVersion } from "../types/apiextensions-v1.ts";
import { printerColumns } from "./printer-columns.ts";
import { scaleRules, validateScale } from "./scale.ts";
import { applyDefaults } from "./schema/defaults.ts";
import { validateEmbeddedResources } from "./schema/embedded-resources.ts";
import { loadCel, loadPatterns } from "./schema/engines.ts";
import { Findings, NO_FIELD } from "./schema/findings.ts";
import { isObject, type JsonObject, ownValue } from "../json-object.ts";
import { jsonEqual } from "./schema/json.ts";
import { validateListTypes } from "./schema/list-types.ts";
import { RuleSet } from "./schema/rules.ts";
import type { SchemaNode } from "./schema/schema-node.ts";
import { ABSENT, SchemaValidator } from "./schema/schema-validator.ts";

/** Finalizers without a path are refused for built-in kinds only. */
const PLAIN_FINALIZER =
  "prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers";
const STANDARD_FINALIZERS: ReadonlySet<string> = new Set(["orphan", "foregroundDeletion", "kubernetes"]);
const UNCHECKED =
  "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";
/** Findings after which rules in CEL would not see what their types promise. */
const BLOCKING: ReadonlySet<FieldError["reason"]> = new Set([
  "FieldValueNotSupported",
  "FieldValueRequired",
  "FieldValueTooLong",
  "FieldValueTooMany",
  "FieldValueTypeInvalid",
]);

/** What a custom resource's validation needs, made when the first object is written. */
interface Checks {
  readonly object: SchemaValidator;
  /** Of the value of `status` alone, for writes of that subresource. */
  readonly status: SchemaValidator | undefined;
  readonly rules: RuleSet | undefined;
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
  /** What the last validation let pass, for `warnings`, which is asked next. */
  let passed: { readonly object: object; readonly texts: readonly string[] } | undefined;
  const addRuleErrors = (errors: FieldError[], object: JsonObject, old: KubeObject | undefined): FieldError[] => {
    const { rules } = checked();
    passed = undefined;
    if (rules === undefined) return errors;
    if (errors.some((error) => BLOCKING.has(error.reason)))
      return [...errors, fieldError.invalid(NO_FIELD, "null", UNCHECKED)];
    const found = rules.validate(object, old ?? ABSENT);
    passed = { object, texts: found.warnings };
    return [...errors, ...found.errors];
  };
  const validateMain = (object: JsonObject, old: KubeObject | undefined): FieldError[] => {
    const findings = new Findings();
    checked().object.validate(object, "", findings, old ?? ABSENT);
    const errors = [...findings.errors];
    if (scale !== undefined)
      errors.push(...validateScale(object, scale, "spec"), ...validateScale(object, scale, "status"));
    errors.push(...validateEmbeddedResources(object, root(), ""), ...listTypeErrors(object, old, root()));
    return addRuleErrors(errors, object, old);
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
      return addRuleErrors(errors, object, old);
    },
    warnings: (object, old) => {
      const known = new Set(old?.metadata.finalizers);
      const isPlain = (each: string): boolean => !each.includes("/") && !STANDARD_FINALIZERS.has(each);
      const added = (object.metadata.finalizers ?? []).filter((each) => !known.has(each) && isPlain(each));
      return [
        ...added.sort().map((each) => `metadata.finalizers: ${JSON.stringify(each)}: ${PLAIN_FINALIZER}`),
        ...(passed?.object === object ? passed.texts : []),
      ];
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
  const cel = hasRules(root.schema) ? await loadCel() : undefined;
  return {
    rules: cel === undefined ? undefined : new RuleSet(cel, root.schema),
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
const hasRules = (schema: Schema): boolean => JSON.stringify(schema).includes('"x-kubernetes-validations"');
