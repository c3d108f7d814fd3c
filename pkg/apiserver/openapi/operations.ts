import type { ResourceDefinition, SubresourceDefinition } from "#pkg/api/index.ts";
import { operationId, operationTag } from "./operation-id.ts";
import { connectParameters, type Parameter, verbParameters } from "./parameters.ts";
import type { SchemaIndex } from "./schema-index.ts";

/** A path of the API and what can be done there, before it is written as OpenAPI v2 or v3. */
export interface Path {
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly operations: readonly Operation[];
}

export interface Operation {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  readonly id: string;
  readonly tag: string;
  /** x-kubernetes-action: get, list, post, put, patch, delete, deletecollection, connect. */
  readonly action: string;
  readonly gvk: { readonly group: string; readonly version: string; readonly kind: string };
  readonly parameters: readonly Parameter[];
  /** Schema names; a body of "*" is any object, a response of "string" is text. */
  readonly body?: string;
  /** Content types of a patch. kubectl looks there whether it may send strategic merge patches. */
  readonly patchTypes?: readonly string[];
  readonly response: string;
}

type Method = Operation["method"];

const META = "io.k8s.apimachinery.pkg.apis.meta.v1.";
const PATCH_SCHEMA = `${META}Patch`;
const CUSTOM_PATCH_TYPES = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/apply-patch+yaml",
];
const PATCH_TYPES = CUSTOM_PATCH_TYPES.toSpliced(2, 0, "application/strategic-merge-patch+json");
const ITEM_VERBS: readonly (readonly [string, Method, string])[] = [
  ["get", "get", "read"],
  ["update", "put", "replace"],
  ["delete", "delete", "delete"],
  ["patch", "patch", "patch"],
];
const COLLECTION_VERBS: readonly (readonly [string, Method, string])[] = [
  ["list", "get", "list"],
  ["create", "post", "create"],
  ["deletecollection", "delete", "delete"],
];
const CONNECT_VERBS: readonly (readonly [string, Method, string])[] = [
  ["get", "get", "connect"],
  ["create", "post", "connect"],
  ["update", "put", "connect"],
  ["patch", "patch", "connect"],
  ["delete", "delete", "connect"],
];
const ACTIONS: Readonly<Record<string, string>> = { create: "post", update: "put" };
const NAMESPACE: Parameter = { name: "namespace", in: "path", type: "string" };
const NAME: Parameter = { name: "name", in: "path", type: "string" };
const REST: Parameter = { name: "path", in: "path", type: "string" };

/** All paths of one resource and its subresources, in upstream's order of collection, item, subresources. */
export function pathsOf(definition: ResourceDefinition, schemas: SchemaIndex): Path[] {
  const { group, version, kind, plural, namespaced, verbs } = definition;
  const base = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const scope = namespaced ? `${base}/namespaces/{namespace}` : base;
  const scoped = namespaced ? [NAMESPACE] : [];
  const gvk = { group, version, kind };
  const self = definition.definitionName;
  const list = `${self}List`;

  const operation = (verb: string, method: Method, word: string, all = false): Operation => ({
    method,
    id: operationId({ word, group, version, kind, namespaced: namespaced && !all, verb, allNamespaces: all }),
    tag: operationTag(group, version),
    action: ACTIONS[verb] ?? verb,
    gvk,
    parameters: verbParameters(verb),
    ...bodyOf(verb, self, definition),
    response: verb === "list" ? list : verb.startsWith("delete") ? `${META}Status` : self,
  });
  const some = (table: typeof ITEM_VERBS, all = false): Operation[] =>
    table.filter(([verb]) => verbs.includes(verb)).map(([verb, method, word]) => operation(verb, method, word, all));

  const paths: Path[] = [
    { path: `${scope}/${plural}`, parameters: scoped, operations: some(COLLECTION_VERBS) },
    { path: `${scope}/${plural}/{name}`, parameters: [...scoped, NAME], operations: some(ITEM_VERBS) },
  ];
  for (const [name, sub] of Object.entries(definition.subresources)) {
    const at = `${scope}/${plural}/{name}/${name}`;
    const parameters = [...scoped, NAME];
    paths.push({ path: at, parameters, operations: subOperations(definition, name, sub, schemas) });
    if (name === "proxy") {
      const operations = subOperations(definition, name, sub, schemas, "WithPath");
      paths.push({ path: `${at}/{path}`, parameters: [...parameters, REST], operations });
    }
  }
  if (namespaced && verbs.includes("list")) {
    paths.push({ path: `${base}/${plural}`, parameters: [], operations: some(COLLECTION_VERBS.slice(0, 1), true) });
  }
  return paths.filter((path) => path.operations.length > 0);
}

function subOperations(
  definition: ResourceDefinition,
  name: string,
  sub: SubresourceDefinition,
  schemas: SchemaIndex,
  suffix = "",
): Operation[] {
  const { group, version, kind, namespaced } = definition;
  const connect = sub.kind.endsWith("Options");
  const gvk = { group: sub.group ?? group, version: sub.version ?? version, kind: sub.kind };
  const body = sub.kind === kind ? definition.definitionName : (schemas.nameOf(gvk) ?? definition.definitionName);
  const text = connect || name === "log";
  const table = connect ? CONNECT_VERBS : [...ITEM_VERBS, ...COLLECTION_VERBS];
  return table
    .filter(([verb]) => sub.verbs.includes(verb))
    .map(([verb, method, word]) => ({
      method,
      id: operationId({
        word: connect ? `${word}` : word,
        group,
        version,
        kind,
        namespaced,
        verb,
        ...(connect ? { method } : {}),
        subresource: `${name}${suffix === "" ? "" : `-${suffix}`}`,
      }),
      tag: operationTag(group, version),
      action: connect ? "connect" : (ACTIONS[verb] ?? verb),
      gvk,
      parameters: text ? connectParameters(name) : verbParameters(verb),
      ...(text ? {} : bodyOf(verb, body, definition)),
      response: text ? "string" : body,
    }));
}

function bodyOf(verb: string, schema: string, definition: ResourceDefinition): Pick<Operation, "body" | "patchTypes"> {
  if (verb === "create" || verb === "update") return { body: schema };
  if (verb === "patch")
    return { body: PATCH_SCHEMA, patchTypes: isCustom(definition) ? CUSTOM_PATCH_TYPES : PATCH_TYPES };
  if (verb.startsWith("delete")) return { body: `${META}DeleteOptions` };
  return {};
}

/** True where a schema comes with a CRD and not with the tables. */
export const isCustom = ({ definitions, definitionName }: ResourceDefinition): boolean =>
  definitions[definitionName] === undefined;

/** Names of the schemas that a document starts from: of the resources, and of all bodies and responses. */
export function namesIn(definitions: readonly ResourceDefinition[], paths: readonly Path[]): Set<string> {
  const names = new Set(definitions.flatMap(({ definitionName }) => [definitionName, `${definitionName}List`]));
  for (const operation of paths.flatMap((path) => path.operations)) {
    if (operation.body !== undefined) names.add(operation.body);
    names.add(operation.response);
  }
  return names;
}
