import type { FieldError } from "#pkg/errors/index.ts";
import { defaultColumns } from "../columns.ts";
import type { Strategy } from "../definition.ts";
import type { Mutable } from "../resource-ref.ts";
import { strategyOf } from "../strategy-of.ts";
import type { CustomResourceDefinition as Definition } from "../types/apiextensions-v1.ts";
import type { CheckDefinition } from "./validation/load-checks.ts";

/** Names of spec fields that clients may leave out. */
function setDefaults({ spec }: Mutable<Definition>): void {
  const { names } = spec;
  if (names.kind) {
    names.singular ||= names.kind.toLowerCase();
    names.listKind ||= `${names.kind}List`;
  }
  spec.conversion ??= { strategy: "None" };
  const service = spec.conversion.webhook?.clientConfig?.service;
  if (service !== undefined) service.port ??= 443;
}

/** What is stored from now on is stored in this version. */
function addStoredVersion({ spec, status }: Mutable<Definition>): void {
  const storage = (spec.versions ?? []).find((version) => version.storage)?.name;
  if (status === undefined || storage === undefined || status.storedVersions?.includes(storage) === true) return;
  status.storedVersions = [...(status.storedVersions ?? []), storage];
}

/** Rules of CustomResourceDefinitions. The checks of schemas come into memory with the first write of one. */
function customResourceDefinitions(): Strategy {
  let check: CheckDefinition | undefined;
  const checked = (crd: Definition, old: Definition | undefined): FieldError[] => {
    if (check === undefined) throw new Error("CustomResourceDefinitions are validated after ready()");
    return check.definition(crd, old);
  };
  return strategyOf<Definition>({
    ready: () => {
      if (check !== undefined) return undefined;
      return import("./validation/load-checks.ts")
        .then((module) => module.loadChecks())
        .then((loaded) => void (check = loaded));
    },
    generation: true,
    allowUnconditionalUpdate: false,
    columns: defaultColumns,
    defaults: (definition) => {
      definition.spec ??= {} as typeof definition.spec;
      definition.spec.names ??= { kind: "", plural: "" };
      setDefaults(definition);
    },
    prepareForCreate: (definition) => {
      definition.status = { conditions: [], acceptedNames: { plural: "", kind: "" }, storedVersions: [] };
      addStoredVersion(definition);
    },
    prepareForUpdate: (definition, old) => {
      if (old.status === undefined) delete definition.status;
      else definition.status = structuredClone(old.status) as Mutable<NonNullable<Definition["status"]>>;
      addStoredVersion(definition);
    },
    validate: (definition) => checked(definition, undefined),
    validateUpdate: checked,
    validateStatusUpdate: (definition) => check?.status(definition) ?? [],
    warnings: (definition, old) => check?.warnings(definition, old) ?? [],
  });
}

export const customResourceDefinitionStrategy = customResourceDefinitions();
