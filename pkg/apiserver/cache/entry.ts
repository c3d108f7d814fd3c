import type { ResourceDefinition } from "#pkg/api/definition.ts";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import { changeRevision, type Stored, withRevision } from "./stored.ts";

/** One object in one version: its served text and its decoded form, each made at most once and only when asked for. */
export class ObjectView {
  #text: string | undefined;
  #object: KubeObject | undefined;
  #frozen = false;

  constructor(text: string | undefined, object: KubeObject | undefined) {
    this.#text = text;
    this.#object = object;
  }

  get text(): string {
    this.#text ??= JSON.stringify(this.#object);
    return this.#text;
  }

  /** Shared: never to be changed. */
  get object(): KubeObject {
    this.#object ??= JSON.parse(this.text) as KubeObject;
    return this.#object;
  }

  /** The same object, deeply frozen, for callers that could change it by mistake. */
  get frozen(): KubeObject {
    const { object } = this;
    if (!this.#frozen) {
      deepFreeze(object);
      this.#frozen = true;
    }
    return object;
  }

  /** Gives back the memory of the decoded form; it can be had again from the text. */
  forgetObject(): void {
    if (this.#text === undefined) return;
    this.#object = undefined;
    this.#frozen = false;
  }
}

/** One object at one revision. */
export class Entry {
  readonly namespace: string;
  readonly name: string;
  readonly revision: number;
  /** In the stored version. */
  readonly view: ObjectView;
  #views: Map<string, ObjectView> | undefined;

  private constructor(namespace: string, name: string, revision: number, view: ObjectView) {
    this.namespace = namespace;
    this.name = name;
    this.revision = revision;
    this.view = view;
  }

  static of(namespace: string, name: string, stored: Stored, revision: number): Entry {
    const known = stored.known;
    const object =
      known === undefined
        ? undefined
        : { ...known, metadata: { ...known.metadata, resourceVersion: String(revision) } };
    return new Entry(namespace, name, revision, new ObjectView(withRevision(stored.text, revision), object));
  }

  /** The same content as of another revision: what a DELETED event carries. */
  at(revision: number): Entry {
    const view = new ObjectView(changeRevision(this.view.text, revision), undefined);
    return new Entry(this.namespace, this.name, revision, view);
  }

  /** As clients of `definition`'s version see it. */
  as(definition: ResourceDefinition): ObjectView {
    const { fromStorage } = definition.storage;
    if (fromStorage === undefined) return this.view;
    this.#views ??= new Map();
    const key = `${definition.group}/${definition.version}/${definition.plural}`;
    let view = this.#views.get(key);
    if (view === undefined) this.#views.set(key, (view = new ObjectView(undefined, fromStorage(this.view.object))));
    return view;
  }
}

export function deepFreeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  if (Array.isArray(value)) for (const item of value) deepFreeze(item);
  else for (const key in value) deepFreeze((value as Record<string, unknown>)[key]);
}
