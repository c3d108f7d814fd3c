import { randomUUID } from "node:crypto";

const PREFIX_LENGTH = "00000000-0000-4000-8000-".length;

/**
 * Names for requests, as UUIDs: one random part for the life of the process, and a count. Node makes a random UUID of
 * twenty pieces of text, which are most of what a short answer leaves behind.
 */
export class AuditIds {
  readonly #prefix = randomUUID().slice(0, PREFIX_LENGTH);
  #count = 0;

  next(): string {
    return this.#prefix + (this.#count++).toString(16).padStart(12, "0");
  }
}
