import type { ResourceDefinition } from "#pkg/api/definition.ts";
import { apiVersionOf, type KubeObject } from "#pkg/api/resource-ref.ts";
import { apiVersionIn, changeRevision, type Stored, withRevision } from "./stored.ts";

/** One object in one version: its served text and its decoded form, each made at most once and only when asked for. */
export class ObjectView {
  #text: string | undefined;
  #object: KubeObject | undefined;
  #frozen = false;
  #used = false;

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
    this.#used = true;
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

  /** True for the decoded form itself. */
  holds(object: KubeObject): boolean {
    return this.#object === object;
  }

  /** True when nobody asked for the decoded form since the last call. */
  isIdle(): boolean {
    const idle = !this.#used;
    this.#used = false;
    return idle;
  }

  /** Keeps the text alone. */
  pack(): void {
    this.#text ??= JSON.stringify(this.#object);
    this.forgetObject();
  }

  /** Gives back the memory of the decoded form; it can be had again from the text. */
  forgetObject(): void {
    if (this.#text === undefined) return;
    this.#object = undefined;
    this.#frozen = false;
  }
}

/** What a definition sees of an entry. */
interface DefinedView {
  readonly definition: ResourceDefinition;
  readonly view: ObjectView;
}

/** One object at one revision. */
export class Entry {
  readonly namespace: string;
  readonly name: string;
  readonly revision: number;
  /** In the stored version. */
  readonly view: ObjectView;
  /** By definition: one that replaced another, of the same version, never gets what was made for that. */
  #views: DefinedView[] | undefined;
  #pending: Map<ResourceDefinition, Promise<void>> | undefined;

  private constructor(namespace: string, name: string, revision: number, view: ObjectView) {
    this.namespace = namespace;
    this.name = name;
    this.revision = revision;
    this.view = view;
  }

  /** `revision` 0: of an object that only a dry run created, which has no resourceVersion. */
  static of(namespace: string, name: string, stored: Stored, revision: number): Entry {
    const known = stored.known;
    if (revision === 0) return new Entry(namespace, name, 0, new ObjectView(stored.text, known));
    const object =
      known === undefined
        ? undefined
        : { ...known, metadata: { ...known.metadata, resourceVersion: String(revision) } };
    return new Entry(namespace, name, revision, new ObjectView(withRevision(stored.text, revision), object));
  }

  /** The same content as of another revision: what a DELETED event carries. */
  at(revision: number): Entry {
    const view = new ObjectView(changeRevision(this.view.text, revision), undefined);
    const entry = new Entry(this.namespace, this.name, revision, view);
    // What took a webhook to make is not asked for again.
    for (const { definition, view: made } of this.#views ?? []) {
      if (definition.storage.convert === undefined) continue;
      const { object } = made;
      entry.#keep(definition, { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } });
    }
    return entry;
  }

  /** As clients of `definition`'s version see it. Where the definition has a `convert`, only after `ready`. */
  as(definition: ResourceDefinition): ObjectView {
    const { fromStorage, convert } = definition.storage;
    if (fromStorage === undefined && convert === undefined) return this.view;
    const known = this.#known(definition);
    if (known !== undefined) return known;
    if (convert !== undefined && this.#isForeign(definition))
      throw new Error(`Not converted to ${apiVersionOf(definition)} yet: "${this.namespace}/${this.name}"`);
    return fromStorage === undefined ? this.view : this.#keep(definition, fromStorage(this.view.object));
  }

  /** apiVersion of the stored form; another than the definition's `storage.apiVersion` after a CRD changed that. */
  get storedAs(): string {
    return apiVersionIn(this.view.text);
  }

  /** What must be awaited before `as`; undefined where nothing must. Rejects with what the converter says. */
  ready(definition: ResourceDefinition): Promise<void> | undefined {
    return definition.storage.convert === undefined ? undefined : readyAll([this], definition);
  }

  /** See `readyAll`. Joins the entries that nobody converts yet to `batch`. */
  pending(definition: ResourceDefinition, batch: Entry[]): Promise<void> | undefined {
    if (this.#known(definition) !== undefined || !this.#isForeign(definition)) return undefined;
    const pending = this.#pending?.get(definition);
    if (pending === undefined) batch.push(this);
    return pending;
  }

  /** Keeps what `conversion` answers for this entry; watchers that ask meanwhile wait for the same. */
  convertBy(definition: ResourceDefinition, conversion: Promise<KubeObject>): Promise<void> {
    const { fromStorage } = definition.storage;
    this.#pending ??= new Map();
    const kept = conversion
      .then((object) => void this.#keep(definition, fromStorage === undefined ? object : fromStorage(object)))
      .finally(() => this.#pending?.delete(definition));
    this.#pending.set(definition, kept);
    return kept;
  }

  /** Called now and then: gives back the memory of what nobody asked for since the last call and can be made again. */
  rest(): void {
    if (this.view.isIdle()) this.view.forgetObject();
    if (this.#views === undefined) return;
    const kept = this.#views.filter(({ definition, view }) => {
      // That the stored form is what a definition wants, as for most custom resources, costs nothing to remember.
      if (view === this.view || !view.isIdle()) return true;
      if (definition.storage.convert === undefined) return false;
      view.pack();
      return true;
    });
    this.#views = kept.length === 0 ? undefined : kept;
  }

  #isForeign(definition: ResourceDefinition): boolean {
    return this.storedAs !== apiVersionOf(definition);
  }

  #known(definition: ResourceDefinition): ObjectView | undefined {
    return this.#views?.find((each) => each.definition === definition)?.view;
  }

  #keep(definition: ResourceDefinition, object: KubeObject): ObjectView {
    const view = this.view.holds(object) ? this.view : new ObjectView(undefined, object);
    const { group, version } = definition;
    const others = this.#views?.filter(
      (each) => each.definition.group !== group || each.definition.version !== version,
    );
    this.#views = [...(others ?? []), { definition, view }];
    return view;
  }
}

/**
 * Makes all entries readable by `as`: those stored in another version than the definition's are converted in one batch.
 * Undefined where nothing must be awaited, which is always so without a `convert`. Rejects with what the converter says.
 */
export function readyAll(entries: readonly Entry[], definition: ResourceDefinition): Promise<void> | undefined {
  const { convert } = definition.storage;
  if (convert === undefined) return undefined;
  const batch: Entry[] = [];
  const waits = entries.map((entry) => entry.pending(definition, batch)).filter((wait) => wait !== undefined);
  if (batch.length > 0) {
    const converted = convert(
      batch.map((entry) => entry.view.object),
      apiVersionOf(definition),
    );
    for (const [i, entry] of batch.entries())
      waits.push(
        entry.convertBy(
          definition,
          converted.then((objects) => objects[i] as KubeObject),
        ),
      );
  }
  return waits.length === 0 ? undefined : Promise.all(waits).then(() => {});
}

export function deepFreeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  if (Array.isArray(value)) for (const item of value) deepFreeze(item);
  else for (const key in value) deepFreeze((value as Record<string, unknown>)[key]);
}
