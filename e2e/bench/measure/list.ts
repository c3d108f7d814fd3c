import { percentile, sendAll, timings } from "../load.ts";
import type { ApiMeasurement } from "../measurement.ts";
import { configMap } from "../objects.ts";

const RUNS = 30;

export const list: ApiMeasurement = {
  name: "list",
  figures: ["list", "listSelector"],
  run: async ({ api, namespace, count }) => {
    const ns = await namespace();
    const path = `/api/v1/namespaces/${ns}/configmaps`;
    const objects = Array.from({ length: count(3_000) }, (_, i) => configMap(ns, `listed-${i}`, i));
    await sendAll(
      api,
      objects.map((object) => api.prepare("POST", path, object)),
      32,
    );
    const all = api.prepare("GET", path);
    const some = api.prepare("GET", `${path}?labelSelector=tenth%3D3`);
    return {
      list: percentile(await timings(RUNS, () => api.send(all)), 0.5),
      listSelector: percentile(await timings(RUNS, () => api.send(some)), 0.5),
    };
  },
};
