import type { KubeObject, ResourceRef } from "#pkg/api/resource-ref.ts";
import type { Logger } from "#pkg/log/index.ts";
import { type Informer, SharedInformer } from "./informer.ts";
import type { Selection } from "./reflector.ts";
import type { Client } from "./types.ts";

/** Hands out one informer per resource and selection, and runs them. */
export class InformerFactory {
  readonly #client: Client;
  readonly #log: Logger;
  readonly #informers = new Map<string, Informer<unknown> & { start(signal: AbortSignal): Promise<void> }>();
  readonly #running = new Set<Promise<void>>();
  #signal: AbortSignal | undefined;

  constructor(parts: { readonly client: Client; readonly log: Logger }) {
    this.#client = parts.client;
    this.#log = parts.log;
  }

  /** The shared informer; asked for after `start`, it runs at once. */
  informer<T extends KubeObject>(resource: ResourceRef<T>, selection: Selection = {}): Informer<T> {
    const key = JSON.stringify([
      resource.group,
      resource.version,
      resource.plural,
      selection.namespace,
      selection.labelSelector,
      selection.fieldSelector,
    ]);
    const known = this.#informers.get(key);
    if (known !== undefined) return known as Informer<unknown> as Informer<T>;
    const made = new SharedInformer({ client: this.#client, resource, selection, log: this.#log });
    this.#informers.set(key, made as unknown as Informer<unknown> & SharedInformer<KubeObject>);
    if (this.#signal !== undefined) this.#run(made, this.#signal);
    return made;
  }

  /** Runs all informers until the signal aborts. */
  async start(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    for (const informer of this.#informers.values()) this.#run(informer, signal);
    if (!signal.aborted) {
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    }
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Resolves when every informer asked for so far has delivered its first list. */
  async synced(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.synced(signal)));
  }

  #run(informer: { start(signal: AbortSignal): Promise<void> }, signal: AbortSignal): void {
    const running = informer.start(signal).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }
}
