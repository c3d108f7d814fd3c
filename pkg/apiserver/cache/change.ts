import type { ResourceDefinition } from "#pkg/api/definition.ts";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import type { ServedEvent } from "../types.ts";
import type { Entry, ObjectView } from "./entry.ts";

/** An event whose text, bytes and object are made on first use and shared by every watcher of it. */
export class ViewEvent implements ServedEvent {
  readonly type: ServedEvent["type"];
  readonly #view: ObjectView;
  #text: string | undefined;
  #bytes: Uint8Array | undefined;

  constructor(type: ServedEvent["type"], view: ObjectView) {
    this.type = type;
    this.#view = view;
  }

  get text(): string {
    this.#text ??= `{"type":"${this.type}","object":${this.#view.text}}\n`;
    return this.#text;
  }

  get bytes(): Uint8Array {
    this.#bytes ??= Buffer.from(this.text);
    return this.#bytes;
  }

  get object(): KubeObject {
    return this.#view.frozen;
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
  readonly #events = new Map<string, ViewEvent>();

  constructor(entry: Entry, previous: Entry | undefined, deleted: boolean) {
    this.revision = entry.revision;
    this.entry = entry;
    this.previous = previous;
    this.deleted = deleted;
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
    if (this.deleted) return before ? this.#event("DELETED", this.entry, definition) : undefined;
    const now = matches === undefined || matches(this.entry.as(definition).object);
    if (now) return this.#event(before ? "MODIFIED" : "ADDED", this.entry, definition);
    if (!before) return undefined;
    this.#goneEntry ??= this.previous?.at(this.revision);
    return this.#goneEntry && this.#event("DELETED", this.#goneEntry, definition);
  }

  #event(type: ServedEvent["type"], entry: Entry, definition: ResourceDefinition): ViewEvent {
    const key = `${type}/${definition.group}/${definition.version}`;
    let event = this.#events.get(key);
    if (event === undefined) this.#events.set(key, (event = new ViewEvent(type, entry.as(definition))));
    return event;
  }
}
