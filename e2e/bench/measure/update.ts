import { MERGE_PATCH } from "../api.ts";
import { rate, sendAll } from "../load.ts";
import type { ApiMeasurement } from "../measurement.ts";
import { configMap } from "../objects.ts";

const OBJECTS = 500;

export const update: ApiMeasurement = {
  name: "update",
  figures: ["update32", "patch32"],
  run: async ({ api, namespace, count }) => {
    const ns = await namespace();
    const path = `/api/v1/namespaces/${ns}/configmaps`;
    const name = (i: number): string => `written-${i % OBJECTS}`;
    const objects = Array.from({ length: OBJECTS }, (_, i) => configMap(ns, name(i)));
    await sendAll(
      api,
      objects.map((object) => api.prepare("POST", path, object)),
      32,
    );
    // Every write changes something: one that does not is answered without a write.
    const updates = Array.from({ length: count(9_000) }, (_, i) =>
      api.prepare("PUT", `${path}/${name(i)}`, configMap(ns, name(i), i + 1)),
    );
    const patches = Array.from({ length: count(9_000) }, (_, i) =>
      api.prepare("PATCH", `${path}/${name(i)}`, { data: { patched: String(i) } }, MERGE_PATCH),
    );
    return { update32: await rate(api, updates, 32), patch32: await rate(api, patches, 32) };
  },
};
