import { rate } from "../load.ts";
import type { ApiMeasurement } from "../measurement.ts";
import { configMap } from "../objects.ts";

export const create: ApiMeasurement = {
  name: "create",
  figures: ["create32", "create1"],
  run: async ({ api, namespace, count }) => {
    const ns = await namespace();
    const requests = (prefix: string, size: number): ReturnType<typeof api.prepare>[] =>
      Array.from({ length: count(size) }, (_, i) =>
        api.prepare("POST", `/api/v1/namespaces/${ns}/configmaps`, configMap(ns, `${prefix}-${i}`, i)),
      );
    const create32 = await rate(api, requests("many", 12_000), 32);
    const create1 = await rate(api, requests("one", 1_500), 1);
    return { create32, create1 };
  },
};
