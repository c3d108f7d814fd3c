import { rate, sendAll } from "../load.ts";
import type { ApiMeasurement } from "../measurement.ts";
import { configMap } from "../objects.ts";

const OBJECTS = 1_000;

export const get: ApiMeasurement = {
  name: "get",
  figures: ["get32"],
  run: async ({ api, namespace, count }) => {
    const ns = await namespace();
    const path = `/api/v1/namespaces/${ns}/configmaps`;
    const objects = Array.from({ length: OBJECTS }, (_, i) => configMap(ns, `read-${i}`, i));
    await sendAll(
      api,
      objects.map((object) => api.prepare("POST", path, object)),
      32,
    );
    const gets = Array.from({ length: count(16_000) }, (_, i) => api.prepare("GET", `${path}/read-${i % OBJECTS}`));
    return { get32: await rate(api, gets, 32) };
  },
};
