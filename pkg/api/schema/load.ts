import { builtinStorage, builtinStrategies } from "../builtin.ts";
import type { ResourceDefinition, SubresourceDefinition } from "../definition.ts";
import { apiVersionOf } from "../resource-ref.ts";
import { builtinSchemas } from "./builtin-schemas.ts";
import resourceRows from "./resources.json" with { type: "json" };
import type { Schema } from "./schema.ts";

interface Row {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  readonly hash?: string;
  readonly subresources: Readonly<Record<string, SubresourceDefinition>>;
  readonly definition: string;
}

/** "pods", "apps/deployments". */
export function resourceKey(resource: { readonly group: string; readonly plural: string }): string {
  return resource.group === "" ? resource.plural : `${resource.group}/${resource.plural}`;
}

/** The built-in resources: the published tables joined with the kinds' own rules. */
export function builtinDefinitions(): readonly ResourceDefinition[] {
  const definitions = builtinSchemas();
  return (resourceRows as unknown as readonly Row[]).map((row) => ({
    group: row.group,
    version: row.version,
    kind: row.kind,
    listKind: `${row.kind}List`,
    plural: row.plural,
    singular: row.singular,
    shortNames: row.shortNames,
    categories: row.categories,
    namespaced: row.namespaced,
    verbs: row.verbs,
    schema: definitions[row.definition] as Schema,
    definitions,
    definitionName: row.definition,
    subresources: row.subresources,
    ...(row.hash === undefined ? {} : { storageVersionHash: row.hash }),
    storage: builtinStorage[`${row.group}/${row.version}/${row.plural}`] ?? {
      prefix: resourceKey(row),
      apiVersion: apiVersionOf(row),
    },
    strategy: builtinStrategies[`${row.group}/${row.plural}`] ?? {},
  }));
}

/** Whether there is such a kind, or a list of it, in any built-in resource or subresource. */
export function isBuiltinKind(apiVersion: string, kind: string): boolean {
  return (resourceRows as unknown as readonly Row[]).some(
    (row) =>
      (apiVersionOf(row) === apiVersion && (row.kind === kind || `${row.kind}List` === kind)) ||
      Object.values(row.subresources).some(
        (sub) =>
          sub.kind === kind &&
          apiVersionOf({ group: sub.group ?? row.group, version: sub.version ?? row.version }) === apiVersion,
      ),
  );
}
