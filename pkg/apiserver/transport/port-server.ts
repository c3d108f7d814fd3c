import type { MessagePort } from "node:worker_threads";
import {
  MAX_BUFFERED_EVENTS,
  MAX_UNACKED_EVENTS,
  type PortClientMessage,
  type PortRequest,
  type PortServerMessage,
} from "#pkg/client/port-protocol.ts";
import { ApiError, internalError } from "#pkg/errors/index.ts";
import { render } from "../http/render.ts";
import { toPartialObjectMetadata } from "../table/index.ts";
import { requestInfoOf } from "../request-info.ts";
import type { Pipeline } from "../pipeline.ts";
import type { Reply, ServedEvent, UserInfo, WatchSink } from "../types.ts";

const PLAIN = { encoding: "json", as: "object", version: "v1" } as const;
const METADATA = { encoding: "json", as: "PartialObjectMetadataList", version: "v1" } as const;

/** Serves the API to a component in another thread, as one user. Ends when the port closes. */
export function servePort(
  server: { readonly pipeline: Pipeline },
  port: MessagePort,
  user: UserInfo,
): { close(): void } {
  const calls = new Map<number, Call>();
  const post = (message: PortServerMessage): void => port.postMessage(message);
  const end = (id: number): void => {
    calls.get(id)?.controller.abort();
    calls.get(id)?.watch?.stop();
    calls.delete(id);
  };
  port.on("message", (message: PortClientMessage) => {
    if (message.type === "abort") end(message.id);
    else if (message.type === "ack") calls.get(message.id)?.watch?.acknowledge(message.count);
    else void answer(message);
  });
  port.on("close", () => {
    for (const id of calls.keys()) end(id);
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
          request.metadataOnly === true ? metadataText : plainText,
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

async function bodyOf(
  reply: Exclude<Reply, { kind: "watch" }>,
  metadataOnly: boolean,
): Promise<{ readonly status: number; readonly text: string; readonly json: boolean }> {
  if (reply.kind === "bytes")
    return {
      status: reply.status,
      text: textOf(reply.body),
      json: reply.headers["content-type"]?.startsWith("application/json") === true,
    };
  if (reply.kind === "stream") {
    let text = "";
    for await (const chunk of reply.body) text += textOf(chunk);
    return { status: reply.status, text, json: false };
  }
  const { status, body } = render(reply, metadataOnly ? METADATA : PLAIN, new URLSearchParams());
  return { status, text: textOf(body), json: true };
}

const textOf = (body: string | Uint8Array): string => (typeof body === "string" ? body : Buffer.from(body).toString());

const plainText = (event: ServedEvent): string => event.text;
const metadataText = (event: ServedEvent): string =>
  event.type === "ERROR"
    ? event.text
    : JSON.stringify({ type: event.type, object: toPartialObjectMetadata(event.object, "v1") });

/** One watch over the port: batches of texts, no more under way than the client has taken in. */
class PortWatch implements WatchSink {
  readonly #id: number;
  readonly #post: (message: PortServerMessage) => void;
  readonly #done: () => void;
  readonly #textOf: (event: ServedEvent) => string;
  #waiting: ServedEvent[] = [];
  #unacknowledged = 0;
  #scheduled = false;
  #ended = false;
  #stop: (() => void) | undefined;

  constructor(
    id: number,
    post: (message: PortServerMessage) => void,
    done: () => void,
    text: (event: ServedEvent) => string,
  ) {
    this.#id = id;
    this.#post = post;
    this.#done = done;
    this.#textOf = text;
  }

  begin(reply: Extract<Reply, { kind: "watch" }>): void {
    const stop = reply.start(this);
    if (this.#ended) stop();
    else this.#stop = stop;
  }

  send(event: ServedEvent): boolean {
    if (this.#ended) return false;
    // The objects there are when a watch begins come at once, however many: only what changes later is bounded.
    if (this.#stop !== undefined && this.#waiting.length >= MAX_BUFFERED_EVENTS) return false;
    this.#waiting.push(event);
    if (!this.#scheduled) {
      this.#scheduled = true;
      queueMicrotask(() => this.#flush());
    }
    return true;
  }

  acknowledge(count: number): void {
    this.#unacknowledged -= count;
    this.#flush();
  }

  end(): void {
    if (this.#ended) return;
    this.#unacknowledged = 0;
    while (this.#waiting.length > 0) {
      this.#unacknowledged = 0;
      this.#flush();
    }
    this.#ended = true;
    this.#post({ type: "ended", id: this.#id });
    this.#done();
  }

  stop(): void {
    this.#ended = true;
    this.#waiting = [];
    this.#stop?.();
  }

  #flush(): void {
    this.#scheduled = false;
    const room = MAX_UNACKED_EVENTS - this.#unacknowledged;
    if (this.#ended || room <= 0 || this.#waiting.length === 0) return;
    const batch = this.#waiting.length <= room ? this.#waiting : this.#waiting.slice(0, room);
    this.#waiting = batch === this.#waiting ? [] : this.#waiting.slice(room);
    this.#unacknowledged += batch.length;
    this.#post({ type: "events", id: this.#id, texts: batch.map(this.#textOf) });
  }
}
