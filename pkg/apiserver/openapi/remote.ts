import { isObject } from "#pkg/api/json-object.ts";
import type { DocumentV2, OperationV2, ParameterV2, PathItemV2 } from "./document-v2.ts";

type Json = Readonly<Record<string, unknown>>;

/** An extension server's OpenAPI v2 document, and of which of its paths it is asked. */
export interface RemoteDocumentV2 {
  /** "/apis/GROUP/VERSION" */
  readonly base: string;
  /** As it was parsed: of any shape. */
  readonly document: unknown;
}

/** What other API servers publish, as last seen. */
export interface RemoteDocuments {
  /** Looks whether the others changed theirs, for a bounded time; what is not back by then comes with the next. */
  refresh(): Promise<void>;
  /** Grows with every change of the two below. */
  readonly generation: number;
  /** "apis/GROUP/VERSION" to the address of its v3 document, which is asked there. */
  v3(): ReadonlyMap<string, string>;
  v2(): readonly RemoteDocumentV2[];
}

/** Deeper documents are nobody's schema. */
const MAX_DEPTH = 100;
const METHODS = ["get", "put", "post", "delete", "patch"] as const;

/**
 * The paths and definitions of the others; of what several have, the first one's. A document that is not well formed is
 * left out.
 */
export function mergeRemote(others: readonly RemoteDocumentV2[]): Pick<DocumentV2, "paths" | "definitions"> {
  const paths = new Map<string, PathItemV2>();
  const definitions = new Map<string, Json>();
  for (const { base, document } of others) {
    if (!isObject(document) || isTooDeep(document, MAX_DEPTH)) continue;
    const shared = isObject(document["parameters"]) ? document["parameters"] : {};
    for (const [path, item] of entriesOf(document["paths"]))
      if ((path === base || path.startsWith(`${base}/`)) && !paths.has(path)) paths.set(path, pathItem(item, shared));
    for (const [name, definition] of entriesOf(document["definitions"]))
      if (!definitions.has(name)) definitions.set(name, definition);
  }
  return { paths: Object.fromEntries(paths), definitions: Object.fromEntries(definitions) };
}

function pathItem(item: Json, shared: Json): PathItemV2 {
  const operations = METHODS.flatMap((method) => {
    const found = item[method];
    return isObject(found) ? [[method, operation(found, shared)] as const] : [];
  });
  const parameters = parametersOf(item["parameters"], shared);
  return { ...(parameters.length === 0 ? {} : { parameters }), ...Object.fromEntries(operations) };
}

function operation(found: Json, shared: Json): OperationV2 {
  const responses = entriesOf(found["responses"]).map(([code, response]) => [
    code,
    {
      description: textOf(response["description"]),
      ...(isObject(response["schema"]) ? { schema: response["schema"] } : {}),
    },
  ]);
  const gvk = found["x-kubernetes-group-version-kind"];
  return {
    tags: textsOf(found["tags"]),
    operationId: textOf(found["operationId"]),
    consumes: textsOf(found["consumes"]),
    produces: textsOf(found["produces"]),
    schemes: textsOf(found["schemes"]),
    parameters: parametersOf(found["parameters"], shared),
    responses: Object.fromEntries(responses),
    "x-kubernetes-action": textOf(found["x-kubernetes-action"]),
    ...(isObject(gvk) ? { "x-kubernetes-group-version-kind": gvk } : {}),
  } as unknown as OperationV2;
}

/** Those of the kinds that our documents have; references to shared ones are resolved. */
function parametersOf(list: unknown, shared: Json): ParameterV2[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((each: unknown) => {
    const found =
      isObject(each) && typeof each["$ref"] === "string" ? shared[each["$ref"].split("/").at(-1) ?? ""] : each;
    if (!isObject(found)) return [];
    const place = found["in"];
    return place === "query" || place === "path" || place === "body" ? [found as unknown as ParameterV2] : [];
  });
}

const entriesOf = (value: unknown): [string, Json][] =>
  isObject(value) ? Object.entries(value).filter((entry): entry is [string, Json] => isObject(entry[1])) : [];
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];

function isTooDeep(value: unknown, left: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return left === 0 || Object.values(value).some((each) => isTooDeep(each, left - 1));
}
