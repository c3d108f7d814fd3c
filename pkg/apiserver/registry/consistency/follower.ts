/** For tests: an informer that takes nothing on trust. */
import assert from "node:assert/strict";
import type { ApiRequest, Transport } from "#pkg/client/types.ts";
import type { Obj } from "./racing-writers.ts";

export interface Seen {
  readonly type: string;
  readonly object: Obj;
}

/** Follows a collection as an informer does; every `restartAfter` events it lets go and takes up where it was. */
export class Follower {
  readonly view = new Map<string, Obj>();
  readonly events: Seen[] = [];
  readonly done: Promise<void>;

  constructor(
    transport: Transport,
    path: string,
    signal: AbortSignal,
    query: ApiRequest["query"] = {},
    restartAfter = Infinity,
  ) {
    this.done = this.#follow(transport, path, signal, query, restartAfter);
  }

  async #follow(
    transport: Transport,
    path: string,
    signal: AbortSignal,
    query: ApiRequest["query"],
    restartAfter: number,
  ): Promise<void> {
    let from = "";
    for (let relist = 1; !signal.aborted; relist++) {
      // Now and then it forgets all and lists again.
      if (from === "" || (restartAfter !== Infinity && relist % 5 === 0)) {
        const list = (await transport.request({ method: "GET", path, query })) as unknown as {
          metadata: { resourceVersion: string };
          items: Obj[];
        };
        this.view.clear();
        for (const item of list.items) this.view.set(keyOf(item), item);
        from = list.metadata.resourceVersion;
      }
      const stop = new AbortController();
      let left = restartAfter;
      try {
        const events = transport.watch({
          method: "GET",
          path,
          query: { ...query, watch: true, resourceVersion: from },
          signal: AbortSignal.any([stop.signal, signal]),
        });
        for await (const { type, object } of events) {
          this.#take(type, object as Obj, Number(from));
          from = (object as Obj).metadata.resourceVersion as string;
          if (--left <= 0) break;
        }
      } catch (err) {
        if (!signal.aborted) throw err;
      }
      stop.abort();
    }
  }

  #take(type: string, object: Obj, last: number): void {
    const key = keyOf(object);
    const known = this.view.get(key);
    const what = `${type} ${key} at ${object.metadata.resourceVersion}`;
    assert.ok(Number(object.metadata.resourceVersion) > last, what);
    assert.equal(known === undefined, type === "ADDED", what);
    if (known !== undefined) assert.equal(object.metadata.uid, known.metadata.uid, what);
    if (type === "DELETED") this.view.delete(key);
    else this.view.set(key, object);
    this.events.push({ type, object });
  }
}

export const keyOf = ({ metadata }: Obj): string => `${metadata.namespace}/${metadata.name}`;
