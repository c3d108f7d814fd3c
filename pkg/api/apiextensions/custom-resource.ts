import { storageVersionHash } from "../storage-version-hash.ts";
import type { ResourceDefinition, StorageDefinition, SubresourceDefinition } from "../definition.ts";
import { apiVersionOf, type KubeObject } from "../resource-ref.ts";
import { Decoding } from "../schema/decoder.ts";
import type { Definitions, Schema } from "../schema/schema.ts";
import metaTable from "../schema/tables/meta-v1.json" with { type: "json" };
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from "../types/apiextensions-v1.ts";
import { customResourceStrategy } from "./custom-resource-strategy.ts";
import { definitionName, publishedSchema } from "./published-schema.ts";
import { customResourceDecoder, pruneStored } from "./schema/decode.ts";
import { applyDefaults, isSettled } from "./schema/defaults.ts";
import type { JsonObject } from "../json-object.ts";
import { SchemaNode } from "./schema/schema-node.ts";

const VERBS = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];
const SUBRESOURCE_VERBS = ["get", "patch", "update"];
const PRESERVING: Schema = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

/**
 * The resources that a CustomResourceDefinition serves, one for each served version. Nothing of a schema is looked at
 * before a request needs it. With a conversion webhook, `storage.convert` is for the caller to add.
 */
export function customResourceDefinitions(crd: CustomResourceDefinition): ResourceDefinition[] {
  const schemas = new Map<string, () => SchemaNode>();
  for (const version of crd.spec.versions)
    schemas.set(
      version.name,
      lazily(() => rootNode(crd, version)),
    );
  return crd.spec.versions.filter((version) => version.served).map((version) => definitionOf(crd, version, schemas));
}

function definitionOf(
  crd: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  schemas: ReadonlyMap<string, () => SchemaNode>,
): ResourceDefinition {
  const { group, scope } = crd.spec;
  const names = crd.status?.acceptedNames?.plural ? crd.status.acceptedNames : crd.spec.names;
  const identity = { group, version: version.name, kind: names.kind };
  const root = schemas.get(version.name) as () => SchemaNode;
  const schema = lazily(() => publishedSchema(schemaOf(version), identity));
  return {
    ...identity,
    listKind: names.listKind || `${names.kind}List`,
    plural: names.plural,
    singular: names.singular || names.kind.toLowerCase(),
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    namespaced: scope === "Namespaced",
    verbs: VERBS,
    get schema() {
      return schema();
    },
    definitions: metaTable as unknown as Definitions,
    decode: customResourceDecoder(root),
    definitionName: definitionName(group, version.name, names.kind),
    subresources: subresourcesOf(version, names.kind),
    ...(version.storage ? { storageVersionHash: storageVersionHash(identity) } : {}),
    storage: storageOf(crd, version, schemas),
    strategy: customResourceStrategy(version, root),
    ...(version.deprecated === true
      ? { deprecationWarning: version.deprecationWarning ?? `${apiVersionOf(identity)} ${names.kind} is deprecated` }
      : {}),
  };
}

const schemaOf = (version: CustomResourceDefinitionVersion): Schema | undefined =>
  version.schema?.openAPIV3Schema as Schema | undefined;

function rootNode(crd: CustomResourceDefinition, version: CustomResourceDefinitionVersion): SchemaNode {
  const schema = schemaOf(version) ?? PRESERVING;
  // Only definitions older than apiextensions.k8s.io/v1 may say so.
  const keepsAll = crd.spec.preserveUnknownFields === true;
  return new SchemaNode(keepsAll ? { ...schema, "x-kubernetes-preserve-unknown-fields": true } : schema, true);
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

function subresourcesOf(
  { subresources }: CustomResourceDefinitionVersion,
  kind: string,
): Readonly<Record<string, SubresourceDefinition>> {
  return {
    ...(subresources?.status === undefined ? {} : { status: { kind, verbs: SUBRESOURCE_VERBS } }),
    ...(subresources?.scale === undefined
      ? {}
      : { scale: { group: "autoscaling", version: "v1", kind: "Scale", verbs: SUBRESOURCE_VERBS } }),
  };
}

/**
 * Everything read goes through the schema: pruned, and given its defaults, since the schema may have changed after the
 * object was stored. Versions differ by their apiVersion, unless a webhook converted before.
 */
function storageOf(
  crd: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  schemas: ReadonlyMap<string, () => SchemaNode>,
): StorageDefinition {
  const { group, names } = crd.spec;
  const storedVersion = crd.spec.versions.find((each) => each.storage) ?? version;
  const storedRoot = schemas.get(storedVersion.name) as () => SchemaNode;
  const root = schemas.get(version.name) as () => SchemaNode;
  const apiVersion = apiVersionOf({ group, version: version.name });
  const storedApiVersion = apiVersionOf({ group, version: storedVersion.name });
  return {
    prefix: `${group}/${names.plural}`,
    apiVersion: storedApiVersion,
    fromStorage: (object) => settle(inVersion(object, apiVersion), root()),
    ...(version === storedVersion
      ? {}
      : { toStorage: (object: KubeObject) => prune(inVersion(object, storedApiVersion), storedRoot()) }),
  };
}

const inVersion = (object: KubeObject, apiVersion: string): KubeObject =>
  object.apiVersion === apiVersion ? object : { ...object, apiVersion };

/** The same object where it is as it should be. */
function settle(object: KubeObject, root: SchemaNode): KubeObject {
  if (isSettled(object, root, true, root.preserves)) return object;
  const pruned = prune(object, root) as unknown as JsonObject;
  applyDefaults(pruned, root);
  return pruned as unknown as KubeObject;
}

function prune(object: KubeObject, root: SchemaNode): KubeObject {
  const { kind, apiVersion, metadata, ...rest } = pruneStored(
    object as unknown as JsonObject,
    root,
    new Decoding(),
  ) as unknown as KubeObject;
  // The order in which every object is stored and served.
  return { kind, apiVersion, metadata, ...rest } as KubeObject;
}
