import { loadProtobufCodec, type ProtobufCodec } from "#pkg/api/protobuf/index.ts";
import { apiVersionOf } from "#pkg/api/resource-ref.ts";
import { ApiError } from "#pkg/errors/index.ts";
import { acceptedTypes } from "../discovery/index.ts";
import type { MetaVersion } from "../table/index.ts";
import type { RequestInfo } from "../types.ts";

/** The form of an answer that a caller asked for. */
export type Format = {
  readonly as: "object" | "Table" | "PartialObjectMetadata" | "PartialObjectMetadataList";
  readonly version: MetaVersion;
} & ({ readonly encoding: "json" | "yaml" } | { readonly encoding: "protobuf"; readonly codec: ProtobufCodec });

/** What a resource can be shown in besides JSON and YAML. */
export interface ProtobufSupport {
  readonly codec: ProtobufCodec;
  /** False for kinds of CustomResourceDefinitions: only their metadata has a protobuf form. */
  readonly wholeObjects: boolean;
}

export const PROTOBUF_TYPE = "application/vnd.kubernetes.protobuf";
export const JSON_OBJECT: Format = { encoding: "json", as: "object", version: "v1" };

/** What a request cannot have: Tables and metadata of what is kept nowhere; YAML, which has no frames, in a watch. */
interface Lack {
  readonly views: boolean;
  readonly yaml: boolean;
}

/** Chooses from the Accept header. Undefined when nothing of it can be served. */
export function negotiate(
  accept: string | string[] | undefined,
  protobuf?: ProtobufSupport,
  lack: Lack = { views: false, yaml: false },
): Format | undefined {
  // What client-go and curl send, answered without taking it apart.
  if (accept === undefined || accept === "" || accept === "*/*" || accept === "application/json") return JSON_OBJECT;
  for (const { type, parameters } of acceptedTypes({ headers: { accept } })) {
    const encoding = encodingOf(type, protobuf);
    if (encoding === undefined || (lack.yaml && encoding.encoding === "yaml")) continue;
    const { as = "object", v, g } = parameters;
    if (as === "object") {
      if (encoding.encoding === "protobuf" && protobuf?.wholeObjects === false) continue;
      return { ...encoding, as, version: "v1" };
    }
    if (lack.views || g !== "meta.k8s.io" || (v !== "v1" && v !== "v1beta1")) continue;
    // Tables have no protobuf form, and of the metadata kinds only v1 does here.
    if (encoding.encoding === "protobuf" && (as === "Table" || v !== "v1")) continue;
    if (as === "Table" || as === "PartialObjectMetadata" || as === "PartialObjectMetadataList")
      return { ...encoding, as, version: v };
  }
  return undefined;
}

type Encoding = { encoding: "json" | "yaml" } | { encoding: "protobuf"; codec: ProtobufCodec };

function encodingOf(type: string, protobuf: ProtobufSupport | undefined): Encoding | undefined {
  if (type === "application/json" || type === "*/*" || type === "application/*") return { encoding: "json" };
  if (type === PROTOBUF_TYPE) return protobuf && { encoding: "protobuf", codec: protobuf.codec };
  return type === "application/yaml" ? { encoding: "yaml" } : undefined;
}

const REVIEW_SUBRESOURCES = new Set(["binding", "eviction", "token"]);

/** Whether the answer is made from the request and kept nowhere: such kinds have neither Tables nor metadata of their own. */
const isReview = ({ group, resource, subresource }: RequestInfo): boolean =>
  subresource === ""
    ? group === "authorization.k8s.io" || group === "authentication.k8s.io" || resource === "bindings"
    : REVIEW_SUBRESOURCES.has(subresource);

const lackOf = (info: RequestInfo): Lack => ({ views: isReview(info), yaml: info.verb === "watch" });

const STREAMS = new Set(["log", "exec", "attach", "portforward", "proxy"]);

/** Whether the request is for one of a node's streams, which last as long as their callers want. */
export const isStream = ({ subresource }: RequestInfo): boolean => subresource !== "" && STREAMS.has(subresource);

/**
 * The form of the answer. Documents and streams choose their own: only resources are negotiated here, and only those who
 * want protobuf wait, for its tables. @throws 406
 */
export function formatOf(accept: string | undefined, info: RequestInfo): Format | Promise<Format> {
  if (!info.isResource || isStream(info)) return JSON_OBJECT;
  if (accept?.includes("protobuf") === true) return formatWithProtobuf(accept, info);
  return negotiate(accept, undefined, lackOf(info)) ?? formatWithProtobuf(accept, info);
}

async function formatWithProtobuf(accept: string | undefined, info: RequestInfo): Promise<Format> {
  const codec = await loadProtobufCodec();
  const wholeObjects = codec.serves(apiVersionOf(info));
  const format = negotiate(accept, { codec, wholeObjects }, lackOf(info));
  if (format !== undefined) return format;
  const yaml = info.verb === "watch" ? "" : ", application/yaml";
  const types = `application/json${yaml}${wholeObjects ? `, ${PROTOBUF_TYPE}` : ""}`;
  throw new ApiError(406, "NotAcceptable", `only the following media types are accepted: ${types}`);
}
