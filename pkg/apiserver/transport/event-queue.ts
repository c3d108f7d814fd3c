import type { ServedEvent } from "../types.ts";

/** A watcher that is further behind than this is cut; it can watch again from where it was. */
const MAX_BUFFERED = 20_000;

/** Events between the store's turn, which must not wait, and a consumer that takes them one by one. */
export class EventQueue implements AsyncIterable<ServedEvent> {
  #events: ServedEvent[] = [];
  #ended = false;
  #wake: (() => void) | undefined;

  /** False when the consumer is too far behind. */
  push(event: ServedEvent): boolean {
    if (this.#ended || this.#events.length >= MAX_BUFFERED) return false;
    this.#events.push(event);
    this.#wake?.();
    return true;
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ServedEvent> {
    for (;;) {
      const batch = this.#events;
      this.#events = [];
      yield* batch;
      if (this.#events.length > 0) continue;
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }
}
