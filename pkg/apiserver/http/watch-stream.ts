import type { ResourceDefinition } from "#pkg/api/definition.ts";
import { toPartialObjectMetadata, toTableEvent } from "../table/index.ts";
import type { ServedEvent, WatchSink } from "../types.ts";
import { type Format, PROTOBUF_TYPE } from "./negotiate.ts";
import { includeObjectOf } from "./render.ts";
import type { WatchCounter } from "./watch-counter.ts";

/** Bytes that may wait for a reader that still makes progress, and for one that does not. */
const MAX_WAITING_BYTES = 256 << 20;
const MAX_STUCK_BYTES = 16 << 20;
const STUCK_MS = 10_000;

/** The part of a response that a watch needs. */
export interface EventTarget {
  write(chunk: Uint8Array): boolean;
  end(): void;
  readonly writableLength: number;
  readonly destroyed: boolean;
  once(event: "drain", listener: () => void): unknown;
}

/** How one event of a watch is encoded; the plain form is shared by all watchers of it. */
export type EncodeEvent = (event: ServedEvent) => Uint8Array;

/**
 * Writes events to a response. All events of one turn go out in one write. A reader that is too far behind is cut.
 */
export class WatchStream implements WatchSink {
  readonly #target: EventTarget;
  readonly #encode: EncodeEvent;
  #pending: Uint8Array[] = [];
  #ended = false;
  /** When the reader last kept up. */
  #drainedAt = Date.now();
  #waitsForDrain = false;

  readonly #counter: WatchCounter;

  constructor(target: EventTarget, encode: EncodeEvent, counter: WatchCounter) {
    this.#target = target;
    this.#encode = encode;
    this.#counter = counter;
  }

  send(event: ServedEvent): boolean {
    if (this.#ended || this.#target.destroyed || this.#isTooFarBehind()) return false;
    const bytes = this.#encode(event);
    this.#counter.count(bytes.byteLength);
    if (this.#pending.push(bytes) === 1) queueMicrotask(() => this.#flush());
    return true;
  }

  end(): void {
    if (this.#ended) return;
    this.#flush();
    this.#ended = true;
    this.#target.end();
  }

  #flush(): void {
    const chunks = this.#pending;
    if (chunks.length === 0) return;
    this.#pending = [];
    if (this.#ended || this.#target.destroyed) return;
    const keepsUp = this.#target.write(chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks));
    if (keepsUp || this.#waitsForDrain) return;
    this.#waitsForDrain = true;
    this.#drainedAt = Date.now();
    this.#target.once("drain", () => {
      this.#waitsForDrain = false;
    });
  }

  #isTooFarBehind(): boolean {
    const waiting = this.#target.writableLength;
    if (waiting < MAX_STUCK_BYTES) return false;
    return waiting > MAX_WAITING_BYTES || (this.#waitsForDrain && Date.now() - this.#drainedAt > STUCK_MS);
  }
}

export function watchContentType(format: Format): string {
  return format.encoding === "protobuf" ? `${PROTOBUF_TYPE};stream=watch` : "application/json";
}

/** Upstream's --min-request-timeout: a watch that names no end has one between this and twice of it. */
const MIN_WATCH_MS = 30 * 60_000;
/** Whole steps: Node keeps a list for each time that was ever asked for, until that time is over. */
const WATCH_STEP_MS = 10_000;

/** Ends a watch whose `timeoutSeconds` does not; the registry sees to those. */
export function endOfWatch(query: URLSearchParams, end: () => void): NodeJS.Timeout | undefined {
  if (Number(query.get("timeoutSeconds")) > 0) return undefined;
  const timer = setTimeout(
    end,
    MIN_WATCH_MS + Math.floor((Math.random() * MIN_WATCH_MS) / WATCH_STEP_MS) * WATCH_STEP_MS,
  );
  timer.unref();
  return timer;
}

/** Encoders per watch: the Table form remembers whether the columns were sent. `encoded` holds protobuf for all watches. */
export function eventEncoder(
  definition: ResourceDefinition,
  format: Format,
  query: URLSearchParams,
  encoded: WeakMap<ServedEvent, Uint8Array>,
): EncodeEvent {
  const encode =
    format.encoding === "protobuf"
      ? (event: ServedEvent, object: object): Uint8Array => format.codec.encodeWatchEvent(event.type, object)
      : (event: ServedEvent, object: object): Uint8Array =>
          Buffer.from(`${JSON.stringify({ type: event.type, object })}\n`);
  const plain: EncodeEvent =
    format.encoding === "protobuf"
      ? (event) => {
          let bytes = encoded.get(event);
          if (bytes === undefined) encoded.set(event, (bytes = encode(event, event.object)));
          return bytes;
        }
      : (event) => event.bytes;
  if (format.as === "object") return plain;
  const { version } = format;
  if (format.as !== "Table")
    return (event) =>
      event.type === "ERROR" ? plain(event) : encode(event, toPartialObjectMetadata(event.object, version));
  const includeObject = includeObjectOf(query);
  let first = true;
  return (event) => {
    if (event.type === "ERROR") return plain(event);
    const table = toTableEvent(definition, event, { includeObject, version, now: Date.now(), first });
    first = false;
    return encode(event, table);
  };
}
