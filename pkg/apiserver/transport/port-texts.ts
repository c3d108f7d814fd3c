import { apiVersionOf } from "#pkg/api/resource-ref.ts";
import { partialText, withoutManagedFields } from "../cache/index.ts";
import { toPartialObjectMetadata } from "../table/index.ts";
import type { Reply, ServedEvent, ServedObject } from "../types.ts";

/** What a port sends of an answer. */
interface PortBody {
  readonly status: number;
  readonly text: string;
  readonly json: boolean;
}

/**
 * An answer as text. Objects go without managedFields: components never ask who owns what, and a write without them
 * leaves them as they are.
 */
export async function bodyOf(reply: Exclude<Reply, { kind: "watch" }>, metadataOnly: boolean): Promise<PortBody> {
  switch (reply.kind) {
    case "view":
      return { status: reply.status, text: objectText(reply.view, metadataOnly), json: true };
    case "list":
      return { status: 200, text: listText(reply, metadataOnly), json: true };
    case "object":
      return { status: reply.status, text: textOf(reply.text ?? JSON.stringify(reply.object)), json: true };
    case "bytes": {
      const json = reply.headers["content-type"]?.startsWith("application/json") === true;
      return { status: reply.status, text: textOf(reply.body), json };
    }
    case "stream": {
      let text = "";
      for await (const chunk of reply.body) text += textOf(chunk);
      return { status: reply.status, text, json: false };
    }
  }
}

/** `{"type":…,"object":…}` without managedFields. */
export function leanEventText(event: ServedEvent): string {
  return event.leanText ?? event.text;
}

/** As `leanEventText`, of the object's PartialObjectMetadata. */
export function partialEventText(event: ServedEvent): string {
  if (event.type === "ERROR") return event.text;
  return event.partialText ?? JSON.stringify({ type: event.type, object: toPartialObjectMetadata(event.object) });
}

function listText({ definition, metadata, views }: Extract<Reply, { kind: "list" }>, metadataOnly: boolean): string {
  const kind = metadataOnly ? "PartialObjectMetadataList" : definition.listKind;
  const apiVersion = metadataOnly ? "meta.k8s.io/v1" : apiVersionOf(definition);
  const items = views.map((view) => objectText(view, metadataOnly)).join(",");
  return `{"kind":"${kind}","apiVersion":"${apiVersion}","metadata":${JSON.stringify(metadata)},"items":[${items}]}`;
}

function objectText(view: ServedObject, metadataOnly: boolean): string {
  if (!metadataOnly) return withoutManagedFields(view.text);
  return partialText(view.text) ?? JSON.stringify(toPartialObjectMetadata(view.object));
}

const textOf = (body: string | Uint8Array): string => (typeof body === "string" ? body : Buffer.from(body).toString());
