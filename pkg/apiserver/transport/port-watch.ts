import { MAX_BUFFERED_EVENTS, MAX_UNACKED_EVENTS, type PortServerMessage } from "#pkg/client/port-protocol.ts";
import type { Reply, ServedEvent, WatchSink } from "../types.ts";

/** One watch over the port: batches of texts, no more under way than the client has taken in. */
export class PortWatch implements WatchSink {
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
