import { apiVersionOf, type ResourceDefinition } from "#pkg/api/index.ts";
import { ApiError } from "#pkg/errors/index.ts";
import { acceptedTypes } from "../discovery/accept.ts";
import type { Handler, Reply, RequestContext } from "../types.ts";
import { DocumentsV3 } from "./documents-v3.ts";
import { replyWithEncoded } from "./encoded.ts";
import type { RemoteDocuments } from "./remote.ts";
import { type Grouped, indexSchemas } from "./schema-index.ts";
import { type FormV2, PROTOBUF_V2, WholeV2 } from "./whole-v2.ts";

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

const PROTOBUF_V3_ASKED = [
  "application/com.github.proto-openapi.spec.v3@v1.0+protobuf",
  "application/com.github.proto-openapi.spec.v3.v1.0+protobuf",
];
/** How clients write the same type; "@" is not allowed in an answer's Content-Type. */
const PROTOBUF_V2_ASKED = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

/** Serves /openapi/v2 and /openapi/v3. Documents are made when first asked for, one event-loop turn each. */
export function createOpenApi({ definitions, gitVersion, remote }: OpenApiOptions): OpenApi {
  const documents = new DocumentsV3(gitVersion);
  const whole = new WholeV2(gitVersion);
  let grouped: Grouped | undefined;
  const current = (): Grouped => {
    const list = definitions();
    if (grouped?.list !== list) grouped = { list, groupVersions: byGroupVersion(list), schemas: indexSchemas(list) };
    return grouped;
  };

  const index = async (): Promise<Reply> => {
    const now = current();
    documents.forgetOthers(now);
    const paths: Record<string, { serverRelativeURL: string }> = {};
    for (const key of now.groupVersions.keys())
      paths[key] = { serverRelativeURL: `/openapi/v3/${key}?hash=${await documents.hash(now, key)}` };
    await remote?.refresh();
    for (const [key, serverRelativeURL] of remote?.v3() ?? []) paths[key] = { serverRelativeURL };
    return { kind: "object", status: 200, object: { paths } };
  };

  return {
    find(path) {
      if (path === "/openapi/v2")
        return async (context) => {
          const form = formOf(context);
          await remote?.refresh();
          return replyWithEncoded(context, await whole.document(current(), form, remote));
        };
      if (path === "/openapi/v3" || path === "/openapi/v3/") return index;
      if (!path.startsWith("/openapi/v3/")) return undefined;
      const key = path.slice("/openapi/v3/".length);
      const now = current();
      if (!now.groupVersions.has(key)) return undefined;
      return async (context) => {
        const type = refuseOthers(context, ["application/json", ...PROTOBUF_V3_ASKED]);
        const document = await documents.document(now, key, type === "application/json" ? "json" : "protobuf");
        const asked = context.query.get("hash");
        if (asked !== null && asked !== document.hash) return movedTo(`${path}?hash=${document.hash}`);
        return replyWithEncoded(context, document);
      };
    },
  };
}

/** "api/v1" and "apis/apps/v1" to their definitions. */
function byGroupVersion(list: readonly ResourceDefinition[]): Map<string, ResourceDefinition[]> {
  return Map.groupBy(list, (definition) => `${definition.group === "" ? "api" : "apis"}/${apiVersionOf(definition)}`);
}

function formOf(context: RequestContext): FormV2 {
  const form = refuseOthers(context, ["application/json", PROTOBUF_V2_ASKED, PROTOBUF_V2]);
  return form === "application/json" ? "json" : "protobuf";
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
