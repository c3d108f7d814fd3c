import { sleep } from "#pkg/async/index.ts";
import type { KubeObject, ResourceRef } from "#pkg/api/resource-ref.ts";
import { isExpired, isNotFound } from "#pkg/errors/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import { Backoff } from "./backoff.ts";
import { deepFreeze } from "./deep-freeze.ts";
import type { Client } from "./types.ts";
import { withoutManagedFields } from "./without-managed-fields.ts";

/** What a reflector or informer looks at: everything, one namespace, or what selectors match. */
export interface Selection {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Only metadata is wanted: `T` must be no more than KubeObject then. */
  readonly metadataOnly?: boolean;
}

/** Where a reflector delivers, in order. Objects are frozen, and need not have their managedFields. */
export interface ReflectorSink<T> {
  /** A whole new state. */
  replace(items: readonly T[]): void;
  apply(type: "ADDED" | "MODIFIED" | "DELETED", object: T): void;
}

/**
 * Keeps a copy of a collection up to date: list, then watch from the list's revision. A watch that ends is resumed from
 * the last revision seen (bookmarks move it on); only when the server has compacted that revision is the list read again.
 */
export class Reflector<T extends KubeObject> {
  readonly #client: Client;
  readonly #resource: ResourceRef<T>;
  readonly #selection: Selection;
  readonly #sink: ReflectorSink<T>;
  readonly #log: Logger;
  #resourceVersion: string | undefined;
  #failing = false;

  constructor(parts: {
    readonly client: Client;
    readonly resource: ResourceRef<T>;
    readonly selection: Selection;
    readonly sink: ReflectorSink<T>;
    readonly log: Logger;
  }) {
    this.#client = parts.client;
    this.#resource = parts.resource;
    this.#selection = parts.selection;
    this.#sink = parts.sink;
    this.#log = parts.log;
  }

  /** The revision up to which the sink has been told, undefined before the first list. */
  get resourceVersion(): string | undefined {
    return this.#resourceVersion;
  }

  /** Runs until the signal aborts. */
  async start(signal: AbortSignal): Promise<void> {
    const backoff = new Backoff({ initialMs: 200, maxMs: 30_000 });
    while (!signal.aborted) {
      try {
        if (this.#resourceVersion === undefined) await this.#list(signal);
        const startedAt = performance.now();
        const events = await this.#watch(signal);
        // A server that ends watches at once is in trouble: do not hammer it.
        if (events > 0 || performance.now() - startedAt > 1000) {
          backoff.reset();
          this.#failing = false;
          continue;
        }
      } catch (err) {
        if (signal.aborted) return;
        if (isExpired(err)) this.#resourceVersion = undefined;
        this.#complain(err);
      }
      await sleep(backoff.nextMs(), signal).catch(() => undefined);
    }
  }

  /** Once per outage, not once per attempt, and not where nothing is wrong: a revision or a CRD that went. */
  #complain(err: unknown): void {
    const isGone = isNotFound(err) && this.#resourceVersion !== undefined;
    const level = this.#failing || isGone || isExpired(err) ? "debug" : "warn";
    this.#failing = true;
    this.#log[level]("list or watch failed, trying again", { resource: this.#resource.plural, err });
  }

  async #list(signal: AbortSignal): Promise<void> {
    const items: T[] = [];
    let page = await this.#client.list(this.#resource, { ...this.#selection, signal });
    for (;;) {
      for (const item of page.items) items.push(deepFreeze(withoutManagedFields(item)));
      if (page.metadata.continue === undefined || page.metadata.continue === "") break;
      page = await this.#client.list(this.#resource, {
        ...this.#selection,
        continue: page.metadata.continue,
        signal,
      });
    }
    if (signal.aborted) return;
    this.#sink.replace(items);
    this.#resourceVersion = page.metadata.resourceVersion ?? "0";
  }

  /** Resolves to the number of events when the server ends the watch. */
  async #watch(signal: AbortSignal): Promise<number> {
    const events = this.#client.watch(this.#resource, {
      ...this.#selection,
      ...(this.#resourceVersion === undefined ? {} : { resourceVersion: this.#resourceVersion }),
      allowWatchBookmarks: true,
      // Spread over minutes, so that the watches of many clients do not end together.
      timeoutSeconds: Math.floor(300 * (1 + Math.random())),
      signal,
    });
    let count = 0;
    for await (const event of events) {
      if (signal.aborted) return count;
      count++;
      if (event.type === "ADDED" || event.type === "MODIFIED" || event.type === "DELETED") {
        this.#sink.apply(event.type, deepFreeze(withoutManagedFields(event.object)));
      }
      this.#resourceVersion = event.object.metadata.resourceVersion;
    }
    return count;
  }
}
