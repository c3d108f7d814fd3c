import { withTimeout } from "#pkg/async/index.ts";
import { Arrivals, follow } from "../events.ts";
import { percentile } from "../load.ts";
import type { ApiMeasurement } from "../measurement.ts";
import { realPod } from "../objects.ts";

const POD_TIMEOUT_MS = 30_000;

export const podStart: ApiMeasurement = {
  name: "pod-start",
  figures: ["podP50", "podP99"],
  needsNode: true,
  run: async ({ api, namespace, count, image, signal }) => {
    const ns = await namespace();
    const path = `/api/v1/namespaces/${ns}/pods`;
    const running = new Arrivals();
    const gone = new Arrivals();
    const watch = await follow(api, path, ({ type, object }) => {
      if (object.status?.phase === "Running") running.add(object.metadata.name);
      if (type === "DELETED") gone.add(object.metadata.name);
    });
    const samples: number[] = [];
    for (let i = 0; i < count(15) + 1; i++) {
      const create = api.prepare("POST", path, realPod(ns, `pod-${i}`, image));
      const began = performance.now();
      await Promise.all([api.send(create), running.reach(i + 1, withTimeout(POD_TIMEOUT_MS, signal))]);
      samples.push(performance.now() - began);
      // One pod after the other: the end of one must not slow the start of the next.
      await api.call("DELETE", `${path}/pod-${i}`);
      await gone.reach(i + 1, withTimeout(POD_TIMEOUT_MS, signal));
    }
    watch.close();
    const warm = samples.slice(1);
    return { podP50: percentile(warm, 0.5), podP99: percentile(warm, 0.99) };
  },
};
