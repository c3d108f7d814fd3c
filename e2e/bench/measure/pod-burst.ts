import type { ApiMeasurement } from "../measurement.ts";
import { startPods } from "../start-pods.ts";

export const podBurst: ApiMeasurement = {
  name: "pod-burst",
  figures: ["podBurst"],
  needsNode: true,
  run: async (bench) => ({ podBurst: await startPods(bench, await bench.namespace(), bench.count(30)) }),
};
