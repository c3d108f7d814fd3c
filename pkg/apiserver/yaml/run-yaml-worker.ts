import type { MessagePort } from "node:worker_threads";
import { parseYamlText } from "./parse-yaml-text.ts";
import { renderYaml, renderYamlPart } from "./render-yaml.ts";

/** A document or a part of one. */
export interface YamlPiece {
  readonly json: string;
  /** What comes behind it; undefined for the last piece of a document. */
  readonly end: string | undefined;
}

/** What the thread is asked for: to parse a text, or to render a piece. */
export type YamlRequest = { readonly text: string } | YamlPiece;

/** What the thread answers. Values come as JSON, which the other side reads faster than a copy of them. */
export type YamlReply =
  | { readonly json: string; readonly duplicates: string | undefined }
  | { readonly bytes: Uint8Array }
  | { readonly error: string };

/** Does one request after the other as they come. */
export function runYamlWorker(port: MessagePort): void {
  port.on("message", (request: YamlRequest) => {
    const reply = replyTo(request);
    port.postMessage(reply, "bytes" in reply ? [reply.bytes.buffer as ArrayBuffer] : []);
  });
}

function replyTo(request: YamlRequest): YamlReply {
  try {
    if ("text" in request) {
      const { value, duplicates } = parseYamlText(request.text);
      return { json: JSON.stringify(value), duplicates };
    }
    const value: unknown = JSON.parse(request.json);
    const text = request.end === undefined ? renderYaml(value) : renderYamlPart(value) + request.end;
    return { bytes: new TextEncoder().encode(text) };
  } catch (err) {
    // Of a stack that ran full too: aliases nest deeper than texts do.
    return { error: (err as Error).message };
  }
}
