import type { Stream } from "./stream.ts";

/** A power of two; more streams than this are never open. */
export const MAX_STREAMS = 1024;

/**
 * The streams that are open, by id, in a ring: nothing is allocated for a request. An id whose place is still taken, by a
 * watch for instance, is left out, which HTTP/2 allows (RFC 9113, 5.1.1).
 */
export class Streams {
  readonly #ring: (Stream | undefined)[] = Array.from({ length: MAX_STREAMS }, () => undefined);
  #nextId = 1;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Gives it its id. There must be fewer than MAX_STREAMS. */
  add(stream: Stream): void {
    while (this.#ring[place(this.#nextId)] !== undefined) this.#nextId += 2;
    stream.id = this.#nextId;
    this.#ring[place(this.#nextId)] = stream;
    this.#nextId += 2;
    this.#size++;
  }

  get(id: number): Stream | undefined {
    const stream = this.#ring[place(id)];
    return stream?.id === id ? stream : undefined;
  }

  /** Whether it was there. */
  delete(stream: Stream): boolean {
    if (this.get(stream.id) !== stream) return false;
    this.#ring[place(stream.id)] = undefined;
    this.#size--;
    return true;
  }

  all(): readonly Stream[] {
    return this.#ring.filter((stream) => stream !== undefined);
  }
}

/** Ids of a client's streams are odd. */
const place = (id: number): number => (id >>> 1) & (MAX_STREAMS - 1);
