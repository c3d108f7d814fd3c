import { fieldError } from "#pkg/errors/index.ts";
import { defaultColumns } from "../columns.ts";
import { addInvalid, checkEnum, checkImmutable, type Errors } from "../field-checks.ts";
import { checkDns1035Label, checkDnsSubdomain } from "../names.ts";
import { separateStatus } from "../status-hooks.ts";
import { strategyOf } from "../strategy-of.ts";
import type { CustomResourceDefinition as Definition } from "../types/apiextensions-v1.ts";

function validate(definition: Definition): Errors {
  const errors: Errors = [];
  const { spec } = definition;
  const plural = spec.names?.plural ?? "";
  const wanted = `${plural}.${spec.group}`;
  if (definition.metadata.name !== wanted) {
    errors.push(
      fieldError.invalid("metadata.name", definition.metadata.name, 'must be spec.names.plural+"."+spec.group'),
    );
  }
  if (!spec.group) errors.push(fieldError.required("spec.group"));
  else {
    addInvalid(errors, "spec.group", spec.group, checkDnsSubdomain(spec.group));
    if (!spec.group.includes(".")) {
      errors.push(fieldError.invalid("spec.group", spec.group, "should be a domain with at least one dot"));
    }
  }
  checkEnum(errors, "spec.scope", spec.scope, ["Cluster", "Namespaced"]);
  if (plural === "") errors.push(fieldError.required("spec.names.plural"));
  else addInvalid(errors, "spec.names.plural", plural, checkDns1035Label(plural));
  const kind = spec.names?.kind ?? "";
  if (kind === "") errors.push(fieldError.required("spec.names.kind"));
  else addInvalid(errors, "spec.names.kind", kind, checkDns1035Label(kind.toLowerCase()));
  const versions = spec.versions ?? [];
  const names = new Set<string>();
  for (const [i, version] of versions.entries()) {
    const at = `spec.versions[${i}]`;
    addInvalid(errors, `${at}.name`, version.name, checkDns1035Label(version.name ?? ""));
    if (names.has(version.name)) errors.push(fieldError.duplicate(`${at}.name`, version.name));
    names.add(version.name);
    if (version.schema?.openAPIV3Schema === undefined && spec.preserveUnknownFields !== true) {
      errors.push(fieldError.required(`${at}.schema.openAPIV3Schema`, "schemas are required"));
    }
  }
  if (versions.filter((version) => version.storage).length !== 1) {
    const why = "must have exactly one version marked as storage version";
    errors.push(
      fieldError.invalid(
        "spec.versions",
        versions.map((v) => v.name),
        why,
      ),
    );
  }
  return errors;
}

/** Structural schema rules, names accepted and served versions are the CRD machinery's; these are the definition's own. */
export const customResourceDefinitionStrategy = strategyOf<Definition>({
  ...separateStatus<Definition>(() => ({})),
  generation: true,
  columns: defaultColumns,
  defaults: (definition) => {
    definition.spec ??= {} as typeof definition.spec;
    const { spec } = definition;
    spec.names ??= { kind: "", plural: "" };
    if (spec.names.kind) {
      spec.names.singular ||= spec.names.kind.toLowerCase();
      spec.names.listKind ||= `${spec.names.kind}List`;
    }
    spec.conversion ??= { strategy: "None" };
    if (spec.conversion.webhook?.clientConfig?.service !== undefined) {
      spec.conversion.webhook.clientConfig.service.port ??= 443;
    }
  },
  validate,
  validateUpdate: (definition, old) => {
    const errors = validate(definition);
    checkImmutable(errors, "spec.group", definition.spec.group, old.spec.group);
    checkImmutable(errors, "spec.scope", definition.spec.scope, old.spec.scope);
    checkImmutable(errors, "spec.names.plural", definition.spec.names.plural, old.spec.names.plural);
    checkImmutable(errors, "spec.names.kind", definition.spec.names.kind, old.spec.names.kind);
    return errors;
  },
});
