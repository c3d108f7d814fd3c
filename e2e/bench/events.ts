import type { Api, Watch } from "./api.ts";

export interface BenchEvent {
  readonly type: string;
  readonly object: {
    readonly metadata: { readonly name: string };
    readonly spec: { readonly nodeName?: string };
    readonly status?: {
      readonly phase?: string;
      readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    };
  };
}

/** Follows a collection ("/api/v1/namespaces/a/pods") from its present state on, and decodes every event. */
export async function follow(api: Api, collection: string, onEvent: (event: BenchEvent) => void): Promise<Watch> {
  const { metadata } = await api.call<{ metadata: { resourceVersion: string } }>("GET", `${collection}?limit=1`);
  let rest = "";
  return await api.watch(`${collection}?watch=true&resourceVersion=${metadata.resourceVersion}`, (chunk) => {
    // Latin-1 keeps a character that is split between chunks from being lost; what is read of events is ASCII.
    const lines = (rest + chunk.toString("latin1")).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onEvent(JSON.parse(line) as BenchEvent);
  });
}

/** Names that have come so far, and waiting until there are enough of them. */
export class Arrivals {
  readonly #names = new Set<string>();
  readonly #waiting = new Set<() => void>();

  add(name: string): void {
    this.#names.add(name);
    for (const check of this.#waiting) check();
  }

  /** Resolves at the moment there are `count` names. */
  async reach(count: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const check = (): void => {
      if (this.#names.size >= count) resolve();
    };
    const stop = (): void => reject(new Error(`only ${this.#names.size} of ${count} objects came that far`));
    signal.addEventListener("abort", stop, { once: true });
    this.#waiting.add(check);
    check();
    try {
      await promise;
    } finally {
      this.#waiting.delete(check);
      signal.removeEventListener("abort", stop);
    }
  }
}
