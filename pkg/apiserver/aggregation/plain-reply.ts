import type { IncomingMessage } from "node:http";
import { StringDecoder } from "node:string_decoder";
import type { ResourceDefinition } from "#pkg/api/definition.ts";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import type { Status } from "#pkg/api/types/meta-v1.ts";
import { ApiError } from "#pkg/errors/index.ts";
import type { Reply, RequestInfo, ServedEvent, WatchSink } from "../types.ts";

const MAX_BYTES = 64 * 1024 * 1024;

/**
 * An extension server's answer for a caller in this process, who wants objects and events instead of bytes: the garbage
 * collector and the namespace controller look after its resources too. @throws ApiError the server's own
 */
export async function plainReply(response: IncomingMessage, info: RequestInfo): Promise<Reply> {
  const status = response.statusCode ?? 502;
  if (info.verb === "watch" && status === 200) return watchReply(response, info);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += (chunk as Buffer).length;
    if (size > MAX_BYTES)
      throw new ApiError(502, "Unknown", `the extension server answered more than ${MAX_BYTES} bytes`);
    chunks.push(chunk as Buffer);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  const object = /^application\/json\b/.test(response.headers["content-type"] ?? "") ? objectOf(text) : undefined;
  if (status >= 300) {
    if (object?.["kind"] === "Status") throw ApiError.fromStatus({ ...(object as Status), code: status });
    throw new ApiError(status, status === 404 ? "NotFound" : "Unknown", text.slice(0, 1024));
  }
  if (object !== undefined) return { kind: "object", status, object, text };
  return { kind: "bytes", status, headers: { "content-type": response.headers["content-type"] ?? "" }, body: text };
}

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function watchReply(response: IncomingMessage, { group, version, resource }: RequestInfo): Reply {
  // Nobody in this process asks more of it than its name.
  const definition = { group, version, plural: resource } as ResourceDefinition;
  return {
    kind: "watch",
    definition,
    start(sink) {
      response.once("close", () => sink.end());
      response.on("error", () => undefined);
      readEvents(response, sink);
      return () => response.destroy();
    },
  };
}

/** One JSON text a line. */
function readEvents(response: IncomingMessage, sink: WatchSink): void {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  response.on("data", (chunk: Buffer) => {
    rest += decoder.write(chunk);
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 1);
      if (line.trim() === "") continue;
      const event = eventOf(line);
      if (event === undefined || !sink.send(event)) {
        response.destroy();
        return;
      }
    }
    if (rest.length > MAX_BYTES) response.destroy();
  });
}

function eventOf(line: string): ServedEvent | undefined {
  const event = objectOf(line) as { readonly type?: ServedEvent["type"]; readonly object?: KubeObject } | undefined;
  if (event?.type === undefined || typeof event.object !== "object" || event.object === null) return undefined;
  const text = `${line}\n`;
  return {
    type: event.type,
    object: event.object,
    text,
    get bytes() {
      return Buffer.from(text);
    },
  };
}
