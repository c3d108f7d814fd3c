import { type FieldError, fieldError } from "#pkg/errors/index.ts";
import { semanticEqual } from "../../equal.ts";
import { checkEnum, checkImmutable } from "../../field-checks.ts";
import { checkDns1035Label, checkDnsSubdomain } from "../../names.ts";
import type { Schema } from "../../schema/schema.ts";
import type { CustomResourceDefinition as Definition } from "../../types/apiextensions-v1.ts";
import { validateApiApproval } from "./api-approval.ts";
import { hasAcceptedVersion, isCaBundle, validateConversion } from "./conversion-rules.ts";
import { versionedParts } from "./internal-spec.ts";
import { validateNames } from "./names-rules.ts";
import type { SchemaEngines } from "./default-rules.ts";
import { validateSchema } from "./schema-rules.ts";
import {
  validateColumns,
  validateDeprecation,
  validateSelectableFields,
  validateSubresources,
} from "./version-rules.ts";

/** Everything wrong with a CustomResourceDefinition; of an update where `old` is given. Metadata besides its name aside. */
export function validateDefinition(crd: Definition, old: Definition | undefined, engines: SchemaEngines): FieldError[] {
  const errors: FieldError[] = [];
  const { spec } = crd;
  if (old === undefined && crd.metadata.name !== `${spec.names.plural}.${spec.group}`)
    errors.push(fieldError.invalid("metadata.name", crd.metadata.name, 'must be spec.names.plural+"."+spec.group'));
  errors.push(...validateSpec(crd, old, engines));
  if (old !== undefined) {
    if (isEstablished(old)) {
      checkImmutable(errors, "spec.scope", spec.scope, old.spec.scope);
      checkImmutable(errors, "spec.names.kind", spec.names.kind, old.spec.names.kind);
    }
    checkImmutable(errors, "spec.group", spec.group, old.spec.group);
    checkImmutable(errors, "spec.names.plural", spec.names.plural, old.spec.names.plural);
  }
  errors.push(
    ...validateNames(crd.status?.acceptedNames, "status.acceptedNames"),
    ...validateStoredVersions(crd),
    ...validateApiApproval(crd, spec.group ?? "", old),
  );
  if (spec.preserveUnknownFields === true && old?.spec.preserveUnknownFields !== true)
    errors.push(
      fieldError.invalid(
        "spec.preserveUnknownFields",
        true,
        "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead",
      ),
    );
  return errors;
}

const isEstablished = ({ status }: Definition): boolean =>
  status?.conditions?.some((each) => each.type === "Established" && each.status === "True") === true;

function validateSpec(crd: Definition, old: Definition | undefined, engines: SchemaEngines): FieldError[] {
  const errors: FieldError[] = [];
  const { spec } = crd;
  checkGroup(errors, spec.group);
  checkEnum(errors, "spec.scope", spec.scope, ["Cluster", "Namespaced"]);
  for (const [i, version] of (spec.versions ?? []).entries())
    if (version.schema?.openAPIV3Schema === undefined)
      errors.push(fieldError.required(`spec.versions[${i}].schema.openAPIV3Schema`, "schemas are required"));
  checkVersions(errors, crd, old, engines);
  for (const name of ["plural", "singular", "kind", "listKind"] as const)
    if (!spec.names[name]) errors.push(fieldError.required(`spec.names.${name}`));
  errors.push(...validateNames(spec.names, "spec.names"));
  const before = old?.spec.conversion?.webhook;
  errors.push(
    ...validateConversion(spec.conversion, {
      requiresAcceptedVersion: hasAcceptedVersion(before?.conversionReviewVersions),
      allowsInvalidCaBundle:
        old === undefined ||
        !isEstablished(old) ||
        (Boolean(before?.clientConfig?.caBundle) && !isCaBundle(before?.clientConfig?.caBundle ?? "")),
    }),
  );
  return errors;
}

function checkGroup(errors: FieldError[], group: string | undefined): void {
  if (!group) {
    errors.push(fieldError.required("spec.group"));
    return;
  }
  const wrong = checkDnsSubdomain(group);
  if (wrong.length > 0) errors.push(fieldError.invalid("spec.group", group, wrong.join(",")));
  else if (!group.includes("."))
    errors.push(fieldError.invalid("spec.group", group, "should be a domain with at least one dot"));
}

function checkVersions(
  errors: FieldError[],
  crd: Definition,
  old: Definition | undefined,
  engines: SchemaEngines,
): void {
  const versions = crd.spec.versions ?? [];
  const names = versions.map((version) => version.name);
  for (const [i, version] of versions.entries()) {
    const path = `spec.versions[${i}]`;
    const wrong = checkDns1035Label(version.name ?? "");
    if (wrong.length > 0) errors.push(fieldError.invalid(`${path}.name`, version.name ?? "", wrong.join(",")));
    errors.push(...validateDeprecation(version, path));
  }
  const oldSchema = (name: string): unknown =>
    old?.spec.versions.find((version) => version.name === name)?.schema?.openAPIV3Schema;
  for (const part of versionedParts(crd.spec)) {
    const { path, schema } = part;
    if (schema !== undefined)
      errors.push(
        ...validateSchema(schema, `${path}.${part.schemaField}.openAPIV3Schema`, engines, {
          hasStatus: part.hasStatus,
          isUnchanged: old !== undefined && semanticEqual(schema, oldSchema(part.version)),
        }),
      );
    if (part.subresources !== undefined)
      errors.push(...validateSubresources(part.subresources, `${path}.subresources`));
    errors.push(...validateColumns(part.columns ?? [], `${path}.additionalPrinterColumns`));
    const own = schema ?? (versions.find(({ name }) => name === part.version)?.schema?.openAPIV3Schema as Schema);
    errors.push(...validateSelectableFields(part.selectableFields ?? [], own, `${path}.selectableFields`));
  }
  const shown = versions.map(({ name, served, storage }) => ({ Name: name, Served: served, Storage: storage }));
  if (new Set(names).size < names.length)
    errors.push(fieldError.invalid("spec.versions", shown, "must contain unique version names"));
  if (versions.filter((version) => version.storage).length !== 1)
    errors.push(fieldError.invalid("spec.versions", shown, "must have exactly one version marked as storage version"));
}

/** No version may go while objects can still be stored in it. */
function validateStoredVersions({ spec, status }: Definition): FieldError[] {
  const path = "status.storedVersions";
  const stored = status?.storedVersions ?? [];
  if (stored.length === 0) return [fieldError.invalid(path, stored, "must have at least one stored version")];
  const errors: FieldError[] = [];
  const names = new Set((spec.versions ?? []).map((version) => version.name));
  for (const version of spec.versions ?? [])
    if (version.storage && !stored.includes(version.name))
      errors.push(fieldError.invalid(path, stored, `must have the storage version ${version.name}`));
  for (const [i, name] of stored.entries())
    if (!names.has(name)) {
      const why = `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`;
      errors.push(fieldError.invalid(`${path}[${i}]`, name, why));
    }
  return errors;
}
