import type { KubeObject, ResourceRef } from "#pkg/api/index.ts";
import { type Client, type InformerFactory, Reflector } from "#pkg/client/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import type { ServedResource } from "../discovery.ts";
import type { OwnerGraph } from "./graph.ts";

/**
 * One watch for every resource that can be listed, watched and deleted, each keeping uids only. Resources whose objects
 * other controllers hold anyway come from the shared informers instead of a watch of their own.
 */
export class Monitors {
  readonly #client: Client;
  readonly #log: Logger;
  readonly #graph: OwnerGraph;
  readonly #running = new Map<string, { readonly stop: () => void; readonly done: Promise<void> }>();
  readonly #shared: ReadonlySet<string>;
  readonly #waiting = new Set<string>();
  readonly #kindsChanged: () => void;

  constructor(parts: {
    readonly client: Client;
    readonly log: Logger;
    readonly graph: OwnerGraph;
    readonly informers: InformerFactory;
    readonly shared: readonly ResourceRef<KubeObject>[];
    /** A CustomResourceDefinition came, changed or went: discovery may say something else. */
    readonly kindsChanged: () => void;
  }) {
    this.#kindsChanged = parts.kindsChanged;
    this.#client = parts.client;
    this.#log = parts.log;
    this.#graph = parts.graph;
    this.#shared = new Set(parts.shared.map(keyOfResource));
    for (const ref of parts.shared) {
      const informer = parts.informers.informer(ref);
      informer.addHandler({
        add: (object) => this.#graph.upsert(ref, object),
        update: (object) => this.#graph.upsert(ref, object),
        delete: (object) => this.#graph.remove(object.metadata.uid),
      });
    }
  }

  /** True when every resource watched now has been listed once. */
  get synced(): boolean {
    return this.#waiting.size === 0;
  }

  /** Starts watches of resources that are new and ends those of resources that are gone. */
  resync(resources: readonly ServedResource[], signal: AbortSignal): void {
    const wanted = new Map(resources.filter(isCollectable).map(({ ref }) => [keyOfResource(ref), ref]));
    for (const [key, watch] of this.#running) {
      if (wanted.has(key)) continue;
      watch.stop();
      this.#running.delete(key);
      this.#waiting.delete(key);
    }
    for (const [key, ref] of wanted) {
      if (this.#shared.has(key) || this.#running.has(key) || signal.aborted) continue;
      this.#running.set(key, this.#watch(key, ref, signal));
    }
  }

  /** Resolves when all watches have ended. */
  async drained(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  #watch(key: string, ref: ResourceRef<KubeObject>, signal: AbortSignal): { stop: () => void; done: Promise<void> } {
    const own = new AbortController();
    // By key, because a list tells what is there and not what went.
    let uids = new Map<string, string>();
    this.#waiting.add(key);
    const reflector = new Reflector({
      client: this.#client,
      resource: ref,
      selection: { metadataOnly: true },
      log: this.#log,
      sink: {
        replace: (items) => {
          // Definitions may have come after discovery was read, or while no watch was open.
          if (ref.plural === "customresourcedefinitions" && items.length > 0) this.#kindsChanged();
          const before = uids;
          uids = new Map();
          for (const item of items) {
            uids.set(nameOf(item), item.metadata.uid);
            this.#graph.upsert(ref, item);
          }
          const there = new Set(uids.values());
          for (const uid of before.values()) if (!there.has(uid)) this.#graph.remove(uid);
          this.#waiting.delete(key);
        },
        apply: (type, object) => {
          if (ref.plural === "customresourcedefinitions") this.#kindsChanged();
          const name = nameOf(object);
          const known = uids.get(name);
          if (known !== undefined && known !== object.metadata.uid) this.#graph.remove(known);
          if (type === "DELETED") {
            uids.delete(name);
            this.#graph.remove(object.metadata.uid);
          } else {
            uids.set(name, object.metadata.uid);
            this.#graph.upsert(ref, object);
          }
        },
      },
    });
    const ended = AbortSignal.any([signal, own.signal]);
    return { stop: () => own.abort(), done: reflector.start(ended) };
  }
}

// Events are many, own nothing and are owned by nothing.
function isCollectable({ ref, verbs, preferred }: ServedResource): boolean {
  if (!preferred || ref.plural === "events") return false;
  return verbs.has("list") && verbs.has("watch") && verbs.has("delete");
}

function keyOfResource(ref: ResourceRef<unknown>): string {
  return `${ref.group}/${ref.plural}`;
}

function nameOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ""}/${object.metadata.name}`;
}
