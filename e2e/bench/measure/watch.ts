import type { Api } from "../api.ts";
import { percentile, sendAll } from "../load.ts";
import type { ApiMeasurement } from "../measurement.ts";
import { configMap } from "../objects.ts";

const WATCHERS = 50;
/** Watchers of one client program share a connection; there are several programs. */
const CONNECTIONS = 5;
const NEWLINE = 0x0a;

/** Counts the events of all watchers; encoded JSON holds no newline, so one ends each event. */
class Deliveries {
  #seen = 0;
  #wanted = Number.POSITIVE_INFINITY;
  #reached: () => void = () => undefined;

  add(chunk: Buffer): void {
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) this.#seen++;
    if (this.#seen >= this.#wanted) this.#reached();
  }

  /** Resolves when `more` have come since now. */
  async expect(more: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wanted = this.#seen + more;
    this.#reached = resolve;
    await promise;
  }
}

export const watch: ApiMeasurement = {
  name: "watch",
  figures: ["watchP50", "watchP99", "watchRate"],
  run: async ({ api, connect, namespace, count }) => {
    const ns = await namespace();
    const path = `/api/v1/namespaces/${ns}/configmaps`;
    const { metadata } = await api.call<{ metadata: { resourceVersion: string } }>("GET", path);
    const connections: Api[] = [];
    const deliveries = new Deliveries();
    for (let i = 0; i < CONNECTIONS; i++) connections.push(await connect());
    try {
      const query = `?watch=true&resourceVersion=${metadata.resourceVersion}`;
      for (let i = 0; i < WATCHERS; i++)
        await connections[i % CONNECTIONS]?.watch(`${path}${query}`, (chunk) => deliveries.add(chunk));
      const creates = (prefix: string, size: number): ReturnType<Api["prepare"]>[] =>
        Array.from({ length: count(size) }, (_, i) => api.prepare("POST", path, configMap(ns, `${prefix}-${i}`, i)));

      const latencies: number[] = [];
      for (const request of creates("single", 400)) {
        const began = performance.now();
        const last = deliveries.expect(WATCHERS);
        await Promise.all([api.send(request), last.then(() => latencies.push(performance.now() - began))]);
      }

      const burst = creates("burst", 3_000);
      const began = performance.now();
      const all = deliveries.expect(burst.length * WATCHERS);
      await Promise.all([sendAll(api, burst, 32), all]);
      const seconds = (performance.now() - began) / 1000;
      const warm = latencies.slice(latencies.length / 4);
      return {
        watchP50: percentile(warm, 0.5),
        watchP99: percentile(warm, 0.99),
        watchRate: (burst.length * WATCHERS) / seconds,
      };
    } finally {
      for (const connection of connections) connection.close();
    }
  },
};
