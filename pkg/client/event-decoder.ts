import { deepFreeze } from "./deep-freeze.ts";
import type { WatchEvent } from "./types.ts";

/** Ports of a thread get the same events in nearly the same moment. */
const REMEMBERED = 256;
const REVISION = '"resourceVersion":"';

/**
 * Decodes the events of the ports of one thread. What two of them watch comes twice, as the same text: it is decoded
 * once, and those who keep copies of a collection share the object, which is frozen.
 */
export class EventDecoder {
  /** By revision; given up by the second who asks. */
  readonly #known: ({ readonly text: string; readonly event: WatchEvent } | undefined)[] = Array.from<undefined>({
    length: REMEMBERED,
  }).fill(undefined);

  decode(text: string): WatchEvent {
    const place = placeOf(text);
    const known = this.#known[place];
    if (known?.text === text) {
      this.#known[place] = undefined;
      return known.event;
    }
    const event = deepFreeze(JSON.parse(text) as WatchEvent);
    this.#known[place] = { text, event };
    return event;
  }
}

function placeOf(text: string): number {
  const from = text.indexOf(REVISION) + REVISION.length;
  if (from < REVISION.length) return 0;
  const revision = Number(text.slice(from, text.indexOf('"', from)));
  return Number.isSafeInteger(revision) ? revision % REMEMBERED : 0;
}
