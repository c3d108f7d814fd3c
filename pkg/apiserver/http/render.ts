import { apiVersionOf } from "#pkg/api/resource-ref.ts";
import type { ListMeta } from "#pkg/api/types/meta-v1.ts";
import { badRequest } from "#pkg/errors/index.ts";
import { type IncludeObject, toPartialObjectMetadata, toPartialObjectMetadataList, toTable } from "../table/index.ts";
import type { Reply } from "../types.ts";
import type { YamlCodec } from "../yaml/index.ts";
import type { Exchange } from "./exchange.ts";
import { listBody } from "./list-body.ts";
import { type Format, PROTOBUF_TYPE } from "./negotiate.ts";

/** What goes out: a status, a content type and a body. */
export interface Rendered {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Uint8Array;
}

type Plain = Extract<Reply, { kind: "view" | "list" | "object" }>;

type List = Extract<Reply, { kind: "list" }>;

/**
 * Encodes an answer in the form asked for. Plain JSON of stored objects is text that exists already; only for much YAML
 * there is something to wait for.
 */
export function render(
  reply: Plain,
  format: Format,
  exchange: Pick<Exchange, "query" | "signal">,
  pretty: boolean,
  yaml: YamlCodec,
): Rendered | Promise<Rendered> {
  const status = reply.kind === "list" ? 200 : reply.status;
  if (format.encoding === "json" && !pretty) {
    const text = plainText(reply, format);
    if (text !== undefined) return { status, contentType: "application/json", body: text };
  }
  if (format.encoding === "yaml") {
    const contentType = "application/yaml";
    const body = toYaml(reply, format, exchange, yaml);
    return body instanceof Promise
      ? body.then((late) => ({ status, contentType, body: late }))
      : { status, contentType, body };
  }
  const value = shaped(reply, format, exchange.query);
  if (format.encoding === "protobuf") {
    const { apiVersion, kind } = value as { apiVersion?: string; kind?: string };
    // A few answers, such as documents, are of no kind that has a protobuf form.
    if (format.codec.knows(apiVersion ?? "", kind ?? ""))
      return { status, contentType: PROTOBUF_TYPE, body: format.codec.encode(value) };
    return { status, contentType: "application/json", body: `${JSON.stringify(value)}\n` };
  }
  const text = pretty ? JSON.stringify(value, undefined, 2) : `${JSON.stringify(value)}\n`;
  return { status, contentType: "application/json", body: text };
}

function toYaml(
  reply: Plain,
  format: Format,
  { query, signal }: Pick<Exchange, "query" | "signal">,
  yaml: YamlCodec,
): string | Promise<Uint8Array> {
  if (reply.kind !== "list" || format.as !== "object") return yaml.render(shaped(reply, format, query), signal);
  return yaml.renderList(headOf(reply), textsOf(reply), signal);
}

function plainText(reply: Plain, format: Format): string | Uint8Array | undefined {
  if (reply.kind === "object") return reply.text ?? `${JSON.stringify(reply.object)}\n`;
  if (format.as !== "object") return undefined;
  if (reply.kind === "view") return `${reply.view.text}\n`;
  const { definition, metadata } = reply;
  const head = `{"kind":"${definition.listKind}","apiVersion":"${apiVersionOf(definition)}","metadata":${JSON.stringify(metadata)},"items":[`;
  return listBody(head, textsOf(reply), "]}\n");
}

function textsOf({ views }: List): string[] {
  const texts: string[] = Array.from({ length: views.length });
  for (let i = 0; i < views.length; i++) texts[i] = (views[i] as (typeof views)[number]).text;
  return texts;
}

/** The answer as data, in the shape asked for. */
function shaped(reply: Plain, format: Format, query: URLSearchParams): object {
  if (reply.kind === "object") return reply.object;
  const { definition } = reply;
  const objects = reply.kind === "view" ? [reply.view.object] : reply.views.map((view) => view.object);
  const metadata: ListMeta =
    reply.kind === "view" ? { resourceVersion: reply.view.object.metadata.resourceVersion } : reply.metadata;
  const { version } = format;
  switch (format.as) {
    case "Table":
      return toTable(definition, objects, {
        includeObject: includeObjectOf(query),
        version,
        now: Date.now(),
        listMetadata: metadata,
      });
    case "PartialObjectMetadata":
    case "PartialObjectMetadataList":
      return reply.kind === "view"
        ? toPartialObjectMetadata(reply.view.object, version)
        : toPartialObjectMetadataList(objects, metadata, version);
    default:
      return reply.kind === "view" ? reply.view.object : { ...headOf(reply), items: objects };
  }
}

/** A list without its items. */
const headOf = ({ definition, metadata }: List): object => ({
  kind: definition.listKind,
  apiVersion: apiVersionOf(definition),
  metadata,
});

export function includeObjectOf(query: URLSearchParams): IncludeObject {
  const value = query.get("includeObject") ?? "Metadata";
  if (value === "None" || value === "Metadata" || value === "Object") return value;
  throw badRequest(
    `Invalid value: "${value}": includeObject must be one of the following values: "None", "Metadata", "Object"`,
  );
}

const TRUE = new Set(["1", "t", "T", "true", "TRUE", "True"]);
/** Whom upstream takes for people: they get indented JSON unless they say otherwise. */
const PEOPLE = /^(?:curl|Wget|Mozilla\/5\.0)/;

/** Whether JSON is to be indented. */
export function isPretty(query: URLSearchParams, userAgent: string | undefined): boolean {
  const value = query.get("pretty") ?? "";
  return value === "" ? userAgent !== undefined && PEOPLE.test(userAgent) : TRUE.has(value);
}
