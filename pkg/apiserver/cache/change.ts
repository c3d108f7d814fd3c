import type { ResourceDefinition } from "#pkg/api/definition.ts";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import type { ServedEvent } from "../types.ts";
import { type Entry, readyAll, type ObjectView } from "./entry.ts";
import { partialText, withoutManagedFields } from "./lean-text.ts";

/** A stored text and the revision at which it is served. */
interface StoredAt {
  readonly text: string;
  readonly revision: number;
}

/** An event whose texts, bytes and object are made on first use and shared by every watcher of it. */
export class ViewEvent implements ServedEvent {
  readonly type: ServedEvent["type"];
  readonly view: ObjectView;
  #text: string | undefined;
  #bytes: Uint8Array | undefined;
  #leanText: string | undefined;
  #partialText: string | undefined;
  /** Spares the view's text being made for the lean texts alone. */
  readonly #stored: StoredAt | undefined;

  constructor(type: ServedEvent["type"], view: ObjectView, stored?: StoredAt) {
    this.type = type;
    this.view = view;
    this.#stored = stored;
  }

  get text(): string {
    this.#text ??= this.#textWith(this.view.text);
    return this.#text;
  }

  get bytes(): Uint8Array {
    this.#bytes ??= Buffer.from(this.text);
    return this.#bytes;
  }

  get leanText(): string {
    if (this.#leanText !== undefined) return this.#leanText;
    const { text, revision } = this.#source;
    this.#leanText = this.#textWith(withoutManagedFields(text, revision));
    return this.#leanText;
  }

  get partialText(): string | undefined {
    if (this.#partialText !== undefined) return this.#partialText;
    const { text, revision } = this.#source;
    const object = partialText(text, revision);
    if (object !== undefined) this.#partialText = this.#textWith(object);
    return this.#partialText;
  }

  get object(): KubeObject {
    return this.view.frozen;
  }

  get #source(): { readonly text: string; readonly revision?: number } {
    return this.#stored ?? this.view;
  }

  #textWith(object: string): string {
    return `{"type":"${this.type}","object":${object}}\n`;
  }
}

/** One write of one object, as the resource's watchers see it. */
export class Change {
  readonly revision: number;
  /** The new state; for a deletion the last state, at the deletion's revision. */
  readonly entry: Entry;
  /** The state before; undefined for a creation. */
  readonly previous: Entry | undefined;
  readonly deleted: boolean;
  #goneEntry: Entry | undefined;
  /** What the store keeps of `entry`; until the events are forgotten. */
  #stored: StoredAt | undefined;
  /** Few: one for nearly every change. */
  #events: ViewEvent[] = [];

  constructor(entry: Entry, previous: Entry | undefined, deleted: boolean, stored?: { readonly text: string }) {
    if (stored !== undefined) this.#stored = { text: stored.text, revision: entry.revision };
    this.revision = entry.revision;
    this.entry = entry;
    this.previous = previous;
    this.deleted = deleted;
  }

  /** As `readyAll`: what must be awaited before `eventFor`; undefined where nothing must. */
  ready(definition: ResourceDefinition): Promise<void> | undefined {
    if (definition.storage.convert === undefined) return undefined;
    return readyAll(this.previous === undefined ? [this.entry] : [this.previous, this.entry], definition);
  }

  /**
   * What a watcher gets whose selector is `matches`: an object that begins to match is ADDED, one that no longer does is
   * DELETED with its old content. Undefined: nothing.
   */
  eventFor(
    definition: ResourceDefinition,
    matches: ((object: KubeObject) => boolean) | undefined,
  ): ViewEvent | undefined {
    const before =
      this.previous !== undefined && (matches === undefined || matches(this.previous.as(definition).object));
    if (this.deleted) return before ? this.#event("DELETED", this.entry.as(definition)) : undefined;
    const now = matches === undefined || matches(this.entry.as(definition).object);
    if (now) return this.#event(before ? "MODIFIED" : "ADDED", this.entry.as(definition));
    if (!before) return undefined;
    this.#goneEntry ??= this.previous?.at(this.revision);
    return this.#goneEntry && this.#event("DELETED", this.#goneEntry.as(definition));
  }

  /** Gives back the memory of the events once all who listen have got them; who comes later makes them again. */
  forgetEvents(): void {
    this.#events = [];
    this.#goneEntry = undefined;
    this.#stored = undefined;
  }

  /** Definitions that see the same view share its event; one that replaced another has views of its own. */
  #event(type: ServedEvent["type"], view: ObjectView): ViewEvent {
    let event = this.#events.find((each) => each.view === view && each.type === type);
    const stored = view === this.entry.view ? this.#stored : undefined;
    if (event === undefined) this.#events.push((event = new ViewEvent(type, view, stored)));
    return event;
  }
}
