import { setImmediate as nextTurn } from "node:timers/promises";
import { apiVersionOf, type ResourceDefinition } from "#pkg/api/index.ts";
import { ApiError } from "#pkg/errors/index.ts";
import { acceptedTypes } from "../discovery/accept.ts";
import type { Handler, Reply, RequestContext } from "../types.ts";
import { documentV2 } from "./document-v2.ts";
import { documentV3 } from "./document-v3.ts";
import { type Encoded, encode, replyWithEncoded } from "./encoded.ts";
import { encodeGnosticV2 } from "./gnostic.ts";
import { type Path, pathsOf } from "./operations.ts";
import { mergeRemote, type RemoteDocuments, type RemoteDocumentV2 } from "./remote.ts";
import { indexSchemas, type SchemaIndex } from "./schema-index.ts";

export interface OpenApiOptions {
  /** What is served now. A changed list is a new array; unchanged definitions in it are the same objects. */
  readonly definitions: () => readonly ResourceDefinition[];
  /** `info.version` of the documents. */
  readonly gitVersion: string;
  /** What other API servers publish; their v3 documents are asked there. */
  readonly remote?: RemoteDocuments;
}

export interface OpenApi {
  /** The handler of a path below /openapi, or undefined where nothing is served there (404). */
  find(path: string): Handler | undefined;
}

const PROTOBUF_V2 = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
/** How clients write the same type; "@" is not allowed in an answer's Content-Type. */
const PROTOBUF_V2_ASKED = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

interface Built {
  readonly madeFrom: readonly ResourceDefinition[];
  readonly document: Promise<Encoded>;
}

/** Serves /openapi/v2 and /openapi/v3. Documents are made when first asked for, one event-loop turn each. */
export function createOpenApi({ definitions, gitVersion, remote }: OpenApiOptions): OpenApi {
  const built = new Map<string, Built>();
  let v2: MadeV2 | undefined;

  /** The document of one group version, made again only when its own definitions changed. */
  const groupVersion = (list: readonly ResourceDefinition[], key: string, own: readonly ResourceDefinition[]) => {
    const before = built.get(key);
    if (before !== undefined && sameItems(before.madeFrom, own)) return before.document;
    const document = buildV3(own, indexSchemas(list), gitVersion);
    built.set(key, { madeFrom: own, document });
    document.catch(() => built.delete(key));
    return document;
  };

  const index = async (): Promise<Reply> => {
    const list = definitions();
    const groups = byGroupVersion(list);
    for (const key of built.keys()) if (!groups.has(key)) built.delete(key);
    const paths: Record<string, { serverRelativeURL: string }> = {};
    for (const [key, own] of groups) {
      const { hash } = await groupVersion(list, key, own);
      paths[key] = { serverRelativeURL: `/openapi/v3/${key}?hash=${hash}` };
    }
    await remote?.refresh();
    for (const [key, serverRelativeURL] of remote?.v3() ?? []) paths[key] = { serverRelativeURL };
    return { kind: "object", status: 200, object: { paths } };
  };

  const formsV2 = async (): Promise<FormsV2> => {
    await remote?.refresh();
    const list = definitions();
    const generation = remote?.generation ?? 0;
    if (v2?.madeFrom !== list || v2.generation !== generation)
      v2 = { madeFrom: list, generation, forms: buildV2(list, gitVersion, remote?.v2() ?? []) };
    return v2.forms;
  };

  return {
    find(path) {
      if (path === "/openapi/v2")
        return async (context) => replyWithEncoded(context, chooseV2(context, await formsV2()));
      if (path === "/openapi/v3" || path === "/openapi/v3/") return index;
      if (!path.startsWith("/openapi/v3/")) return undefined;
      const key = path.slice("/openapi/v3/".length);
      const list = definitions();
      const own = byGroupVersion(list).get(key);
      if (own === undefined) return undefined;
      return async (context) => {
        refuseOthers(context, ["application/json"]);
        const document = await groupVersion(list, key, own);
        const asked = context.query.get("hash");
        if (asked !== null && asked !== document.hash) return movedTo(`${path}?hash=${document.hash}`);
        return replyWithEncoded(context, document);
      };
    },
  };
}

async function buildV3(own: readonly ResourceDefinition[], schemas: SchemaIndex, version: string): Promise<Encoded> {
  await nextTurn();
  const paths = own.flatMap((definition) => pathsOf(definition, schemas));
  return encode("application/json", JSON.stringify(documentV3(paths, namesIn(own, paths), schemas, version)));
}

interface MadeV2 {
  readonly madeFrom: readonly ResourceDefinition[];
  /** Of the remote documents in it. */
  readonly generation: number;
  readonly forms: Promise<FormsV2>;
}

interface FormsV2 {
  readonly json: Encoded;
  readonly protobuf: Encoded;
}

async function buildV2(
  list: readonly ResourceDefinition[],
  version: string,
  others: readonly RemoteDocumentV2[],
): Promise<FormsV2> {
  await nextTurn();
  const schemas = indexSchemas(list);
  const paths = list.flatMap((definition) => pathsOf(definition, schemas));
  const document = mergeRemote(documentV2(paths, namesIn(list, paths), schemas, version), others);
  const json = encode("application/json", JSON.stringify(document));
  await nextTurn();
  const protobuf = encode(PROTOBUF_V2, encodeGnosticV2(document));
  return { json: await json, protobuf: await protobuf };
}

/** Names of the schemas that a document starts from: of the resources, and of all bodies and responses. */
function namesIn(definitions: readonly ResourceDefinition[], paths: readonly Path[]): Set<string> {
  const names = new Set(definitions.flatMap(({ definitionName }) => [definitionName, `${definitionName}List`]));
  for (const operation of paths.flatMap((path) => path.operations)) {
    if (operation.body !== undefined) names.add(operation.body);
    names.add(operation.response);
  }
  return names;
}

/** "api/v1" and "apis/apps/v1" to their definitions. */
function byGroupVersion(list: readonly ResourceDefinition[]): Map<string, ResourceDefinition[]> {
  return Map.groupBy(list, (definition) => `${definition.group === "" ? "api" : "apis"}/${apiVersionOf(definition)}`);
}

const sameItems = <T>(a: readonly T[], b: readonly T[]): boolean =>
  a.length === b.length && a.every((item, i) => item === b[i]);

function chooseV2(context: RequestContext, { json, protobuf }: FormsV2): Encoded {
  const form = refuseOthers(context, ["application/json", PROTOBUF_V2_ASKED, PROTOBUF_V2]);
  return form === "application/json" ? json : protobuf;
}

/** The most wanted of the types on offer; the first for a wildcard; 406 where none is accepted. */
function refuseOthers(context: RequestContext, types: readonly [string, ...string[]]): string {
  for (const { type } of acceptedTypes(context)) {
    if (type === "*/*" || type === "application/*") return types[0];
    if (types.includes(type)) return type;
  }
  throw new ApiError(406, "NotAcceptable", `only the following media types are accepted: ${types.join(", ")}`);
}

/** The document changed since the caller read the index: its address now. */
const movedTo = (location: string): Reply => ({ kind: "bytes", status: 301, headers: { location }, body: "" });
