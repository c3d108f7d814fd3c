import type { MessagePort } from "node:worker_threads";
import { CallTable, PortOutbox } from "#pkg/client/index.ts";
import type { PortClientMessage, PortRequest, PortServerMessage } from "#pkg/client/port-protocol.ts";
import { ApiError, internalError } from "#pkg/errors/index.ts";
import { requestInfoOf } from "../request-info.ts";
import type { Pipeline } from "../pipeline.ts";
import type { UserInfo } from "../types.ts";
import { bodyOf, leanEventText, partialEventText } from "./port-texts.ts";
import { PortWatch } from "./port-watch.ts";

/** Serves the API to a component in another thread, as one user. Ends when the port closes. */
export function servePort(
  server: { readonly pipeline: Pipeline },
  port: MessagePort,
  user: UserInfo,
): { close(): void } {
  const calls = new CallTable<Call>();
  const outbox = new PortOutbox<PortServerMessage>(port);
  const post = (message: PortServerMessage): void => outbox.post(message);
  const end = (id: number): void => {
    const call = calls.get(id);
    call?.controller.abort();
    call?.watch?.stop();
    calls.delete(id);
  };
  port.on("message", (batch: readonly PortClientMessage[]) => {
    for (const message of batch) {
      if (message.type === "abort") end(message.id);
      else if (message.type === "ack") calls.get(message.id)?.watch?.acknowledge(message.count);
      else void answer(message);
    }
  });
  port.on("close", () => {
    for (const id of calls.ids()) end(id);
  });

  async function answer(request: PortRequest): Promise<void> {
    const { id } = request;
    const call: Call = { controller: new AbortController(), watch: undefined };
    calls.set(id, call);
    let started = false;
    try {
      const reply = await server.pipeline.handle(contextOf(request, user, call.controller.signal));
      if (call.controller.signal.aborted) return;
      if (reply.kind === "watch") {
        call.watch = new PortWatch(
          id,
          post,
          () => calls.delete(id),
          request.metadataOnly === true ? partialEventText : leanEventText,
        );
        started = true;
        post({ type: "started", id });
        call.watch.begin(reply);
      } else post({ type: "response", id, ...(await bodyOf(reply, request.metadataOnly === true)) });
    } catch (err) {
      if (call.controller.signal.aborted) return;
      const error = err instanceof ApiError ? err : internalError(err instanceof Error ? err.message : String(err));
      post({ type: "response", id, status: error.code, text: JSON.stringify(error.toStatus()), json: true });
    } finally {
      if (!started) calls.delete(id);
    }
  }
  return { close: () => port.close() };
}

interface Call {
  readonly controller: AbortController;
  watch: PortWatch | undefined;
}

function contextOf(request: PortRequest, user: UserInfo, signal: AbortSignal): Parameters<Pipeline["handle"]>[0] {
  const { method, path, query, contentType, body } = request;
  const parameters = new URLSearchParams(query);
  return {
    info: requestInfoOf(method, path, parameters),
    method,
    path,
    query: parameters,
    headers: contentType === undefined ? {} : { "content-type": contentType },
    user,
    signal,
    // Parsed here rather than passed on as bytes: what components send was encoded by JSON.stringify.
    body: async () => (body === undefined ? undefined : (JSON.parse(body) as object)),
    warn: () => {},
  };
}
