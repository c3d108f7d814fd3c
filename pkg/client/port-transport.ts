import type { MessagePort } from "node:worker_threads";
import { CallTable } from "./call-table.ts";
import type { EventDecoder } from "./event-decoder.ts";
import { PortOutbox } from "./port-outbox.ts";
import { ACK_EVENTS, type PortClientMessage, type PortRequest, type PortServerMessage } from "./port-protocol.ts";
import { encodeQuery } from "./query.ts";
import { errorOfAnswer } from "./status-error.ts";
import type { ApiRequest, Transport, WatchEvent } from "./types.ts";

/**
 * The API server behind a MessagePort, for control loops in worker threads. Decoding happens on this side; transports
 * of one thread may share a decoder of events.
 */
export function createPortTransport(port: MessagePort, decoder?: EventDecoder): Transport {
  const decode =
    decoder === undefined ? (text: string) => JSON.parse(text) as WatchEvent : decoder.decode.bind(decoder);
  return new PortTransport(port, decode);
}

type Receiver = (message: PortServerMessage | { readonly type: "closed" }) => void;

class PortTransport implements Transport {
  readonly #port: MessagePort;
  readonly #outbox: PortOutbox<PortClientMessage>;
  readonly #receivers = new CallTable<Receiver>();
  readonly #decode: (text: string) => WatchEvent;
  #closed = false;

  constructor(port: MessagePort, decode: (text: string) => WatchEvent) {
    this.#port = port;
    this.#decode = decode;
    this.#outbox = new PortOutbox(port);
    port.on("message", (batch: readonly PortServerMessage[]) => this.#receive(batch, 0));
    port.on("close", () => this.#end());
  }

  request(request: ApiRequest): Promise<unknown> {
    const { signal } = request;
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const id = this.#open("request", request, (message) => {
      done();
      if (message.type !== "response") reject(new Error("The API server's port closed"));
      else if (message.status >= 400) reject(errorOfAnswer(message.status, message.text));
      else resolve(message.json ? (JSON.parse(message.text) as unknown) : message.text);
    });
    const onAbort = (): void => {
      done();
      this.#send({ type: "abort", id });
      reject(signal?.reason as Error);
    };
    const done = (): void => {
      this.#receivers.delete(id);
      signal?.removeEventListener("abort", onAbort);
    };
    signal?.addEventListener("abort", onAbort);
    return promise;
  }

  async *watch(request: ApiRequest): AsyncGenerator<WatchEvent> {
    const { signal } = request;
    signal?.throwIfAborted();
    const inbox: Parameters<Receiver>[0][] = [];
    let wake = Promise.withResolvers<void>();
    const id = this.#open("watch", request, (message) => {
      inbox.push(message);
      wake.resolve();
    });
    const onAbort = (): void => wake.resolve();
    signal?.addEventListener("abort", onAbort);
    let open = true;
    let taken = 0;
    try {
      for (;;) {
        while (inbox.length > 0) {
          const message = inbox.shift();
          if (message === undefined || message.type === "started") continue;
          if (message.type === "events") {
            for (const text of message.texts) {
              yield this.#decode(text);
              signal?.throwIfAborted();
            }
            taken += message.texts.length;
            if (taken >= ACK_EVENTS) {
              this.#send({ type: "ack", id, count: taken });
              taken = 0;
            }
            continue;
          }
          open = false;
          if (message.type === "response") throw errorOfAnswer(message.status, message.text);
          if (message.type === "closed") throw new Error("The API server's port closed");
          return;
        }
        signal?.throwIfAborted();
        await wake.promise;
        wake = Promise.withResolvers();
      }
    } finally {
      signal?.removeEventListener("abort", onAbort);
      this.#receivers.delete(id);
      if (open) this.#send({ type: "abort", id });
    }
  }

  async close(): Promise<void> {
    if (!this.#closed) this.#outbox.flush();
    this.#port.close();
    this.#end();
  }

  /**
   * Hands out messages in order. Who watches takes in events before what came after them is told: a writer that is
   * answered finds its write in the listers of the same port.
   */
  #receive(batch: readonly PortServerMessage[], from: number): void {
    let told = false;
    for (let i = from; i < batch.length; i++) {
      const message = batch[i] as PortServerMessage;
      if (message.type === "events") told = true;
      else if (told) {
        queueMicrotask(() => process.nextTick(() => this.#receive(batch, i)));
        return;
      }
      this.#receivers.get(message.id)?.(message);
    }
  }

  #open(type: PortRequest["type"], request: ApiRequest, receiver: Receiver): number {
    if (this.#closed) throw new Error("The API server's port closed");
    const id = this.#receivers.add(receiver);
    this.#send({
      type,
      id,
      method: request.method,
      path: request.path,
      query: encodeQuery(request.query),
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      ...(request.contentType === undefined ? {} : { contentType: request.contentType }),
      ...(request.metadataOnly === true ? { metadataOnly: true } : {}),
    });
    return id;
  }

  #send(message: PortClientMessage): void {
    if (!this.#closed) this.#outbox.post(message);
  }

  #end(): void {
    this.#closed = true;
    for (const id of this.#receivers.ids()) this.#receivers.get(id)?.({ type: "closed" });
  }
}
