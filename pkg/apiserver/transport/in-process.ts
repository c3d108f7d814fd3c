import { apiVersionOf } from "#pkg/api/resource-ref.ts";
import type { ApiRequest, Transport, WatchEvent } from "#pkg/client/types.ts";
import { ApiError } from "#pkg/errors/index.ts";
import { requestInfoOf } from "../request-info.ts";
import type { Pipeline } from "../pipeline.ts";
import type { Reply, UserInfo, WatchSink } from "../types.ts";
import { EventQueue } from "./event-queue.ts";

const NO_HEADERS = {};

/**
 * The API without sockets or encoding: objects go in, frozen objects come out of the cache. Same pipeline, same checks;
 * the user is fixed.
 */
export function createInProcessTransport(pipeline: Pipeline, user: UserInfo): Transport {
  const call = (request: ApiRequest, watching: boolean, signal: AbortSignal): Reply | Promise<Reply> => {
    const query = new URLSearchParams();
    for (const [key, value] of Object.entries(request.query ?? {}))
      if (value !== undefined) query.set(key, String(value));
    if (watching) query.set("watch", "true");
    return pipeline.handle({
      info: requestInfoOf(request.method, request.path, query),
      method: request.method,
      path: request.path,
      query,
      headers: request.contentType === undefined ? NO_HEADERS : { "content-type": request.contentType },
      user,
      signal,
      body: async () => request.body as object | undefined,
      warn: () => {},
    });
  };
  return {
    async request(request) {
      const signal = request.signal ?? new AbortController().signal;
      signal.throwIfAborted();
      return plain(await call(request, false, signal));
    },
    async *watch(request): AsyncGenerator<WatchEvent> {
      const controller = new AbortController();
      const signal =
        request.signal === undefined ? controller.signal : AbortSignal.any([request.signal, controller.signal]);
      const reply = await call(request, true, signal);
      if (reply.kind !== "watch") throw new Error(`Not a watch: ${request.path}`);
      const queue = new EventQueue();
      const sink: WatchSink = { send: (event) => queue.push(event), end: () => queue.end() };
      const stop = reply.start(sink);
      const onAbort = (): void => queue.end();
      signal.addEventListener("abort", onAbort, { once: true });
      try {
        for await (const event of queue) yield { type: event.type, object: event.object };
      } finally {
        stop();
        signal.removeEventListener("abort", onAbort);
        controller.abort();
      }
    },
    async close() {},
  };
}

/** The answer as plain data. */
async function plain(reply: Reply): Promise<unknown> {
  switch (reply.kind) {
    case "view":
      return reply.view.frozen;
    case "list":
      return {
        kind: reply.definition.listKind,
        apiVersion: apiVersionOf(reply.definition),
        metadata: reply.metadata,
        items: reply.views.map((view) => view.frozen),
      };
    case "object":
      return reply.object;
    case "bytes": {
      const text = typeof reply.body === "string" ? reply.body : Buffer.from(reply.body).toString();
      if (reply.status >= 400) throw failure(reply.status, text);
      return reply.headers["content-type"]?.startsWith("application/json") === true ? JSON.parse(text) : text;
    }
    case "stream": {
      let text = "";
      for await (const chunk of reply.body) text += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
      return text;
    }
    case "watch":
      throw new Error("A watch was answered to a plain request");
  }
}

function failure(status: number, text: string): ApiError {
  return new ApiError(status, status === 404 ? "NotFound" : "Unknown", text);
}
