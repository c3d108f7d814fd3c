import { dump } from "js-yaml";
import type { ResourceDefinition } from "#pkg/api/definition.ts";
import { apiVersionOf, type KubeObject } from "#pkg/api/resource-ref.ts";
import type { ListMeta } from "#pkg/api/types/meta-v1.ts";
import { badRequest } from "#pkg/errors/index.ts";
import { type IncludeObject, toPartialObjectMetadata, toPartialObjectMetadataList, toTable } from "../table/index.ts";
import type { Reply } from "../types.ts";
import { listBody } from "./list-body.ts";
import { type Format, PROTOBUF_TYPE } from "./negotiate.ts";

/** What goes out: a status, a content type and a body. */
export interface Rendered {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Uint8Array;
}

type Plain = Extract<Reply, { kind: "view" | "list" | "object" }>;

/** Encodes an answer in the form asked for. Plain JSON of stored objects is text that exists already. */
export function render(reply: Plain, format: Format, query: URLSearchParams, pretty = false): Rendered {
  const status = reply.kind === "list" ? 200 : reply.status;
  if (format.encoding === "json" && !pretty) {
    const text = plainText(reply, format);
    if (text !== undefined) return { status, contentType: "application/json", body: text };
  }
  const value = shaped(reply, format, query);
  if (format.encoding === "yaml") return { status, contentType: "application/yaml", body: toYaml(value) };
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

/** As Go writes it: a list stands where its name does, nothing is folded. */
const toYaml = (value: object): string =>
  dump(value, { noRefs: true, lineWidth: -1, seqNoIndent: true, skipInvalid: true });

function plainText(reply: Plain, format: Format): string | Uint8Array | undefined {
  if (reply.kind === "object") return reply.text ?? `${JSON.stringify(reply.object)}\n`;
  if (format.as !== "object") return undefined;
  if (reply.kind === "view") return `${reply.view.text}\n`;
  const { definition, metadata, views } = reply;
  const texts: string[] = Array.from({ length: views.length });
  for (let i = 0; i < views.length; i++) texts[i] = (views[i] as (typeof views)[number]).text;
  const head = `{"kind":"${definition.listKind}","apiVersion":"${apiVersionOf(definition)}","metadata":${JSON.stringify(metadata)},"items":[`;
  return listBody(head, texts, "]}\n");
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
      return reply.kind === "view" ? reply.view.object : listOf(definition, metadata, objects);
  }
}

function listOf(definition: ResourceDefinition, metadata: ListMeta, items: readonly KubeObject[]): object {
  return { kind: definition.listKind, apiVersion: apiVersionOf(definition), metadata, items };
}

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
