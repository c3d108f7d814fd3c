import { percentile, sendAll, timings } from "../load.ts";
import type { ApiMeasurement } from "../measurement.ts";
import { fakePod } from "../objects.ts";

const RUNS = 10;
const PODS = 10_000;

/** All pods of a large cluster, as JSON. */
export const listPods: ApiMeasurement = {
  name: "list-pods",
  figures: ["listPods"],
  run: async ({ api, namespace, run, count }) => {
    const ns = await namespace();
    const path = `/api/v1/namespaces/${ns}/pods`;
    // No node carries the label that they select: they stay as they are.
    const pods = Array.from({ length: count(PODS) }, (_, i) => fakePod(ns, `listed-${i}`, `${run}-nowhere`));
    await sendAll(
      api,
      pods.map((pod) => api.prepare("POST", path, pod)),
      32,
    );
    const all = api.prepare("GET", path);
    const bytes = await api.send(all);
    return { listPods: bytes / 1000 / percentile(await timings(RUNS, () => api.send(all)), 0.5) };
  },
};
