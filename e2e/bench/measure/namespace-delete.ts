import { withTimeout } from "#pkg/async/index.ts";
import { Arrivals, follow } from "../events.ts";
import type { ApiMeasurement } from "../measurement.ts";
import { startPods } from "../start-pods.ts";

const TIMEOUT_MS = 90_000;

export const namespaceDelete: ApiMeasurement = {
  name: "namespace-delete",
  figures: ["namespaceDelete"],
  needsNode: true,
  run: async (bench) => {
    const ns = await bench.namespace();
    await startPods(bench, ns, bench.count(40));
    const gone = new Arrivals();
    const watch = await follow(bench.api, "/api/v1/namespaces", ({ type, object }) => {
      if (type === "DELETED" && object.metadata.name === ns) gone.add(ns);
    });
    const began = performance.now();
    await bench.api.call("DELETE", `/api/v1/namespaces/${ns}`);
    await gone.reach(1, withTimeout(TIMEOUT_MS, bench.signal));
    watch.close();
    return { namespaceDelete: (performance.now() - began) / 1000 };
  },
};
