import type { MessagePort } from "node:worker_threads";
import { parseYamlText } from "./yaml.ts";

/** What the thread answers to a text: the value as JSON, which the other side reads faster than a copy of it. */
export type YamlReply = { readonly json: string; readonly duplicates: string | undefined } | { readonly error: string };

/** Parses one text after the other as they come. */
export function runYamlWorker(port: MessagePort): void {
  port.on("message", (text: string) => port.postMessage(replyTo(text)));
}

function replyTo(text: string): YamlReply {
  try {
    const { value, duplicates } = parseYamlText(text);
    return { json: JSON.stringify(value), duplicates };
  } catch (err) {
    // Of a stack that ran full too: aliases nest deeper than texts do.
    return { error: (err as Error).message };
  }
}
