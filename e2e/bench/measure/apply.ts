import { APPLY_PATCH, MERGE_PATCH } from "../api.ts";
import { rate, sendAll } from "../load.ts";
import type { ApiMeasurement } from "../measurement.ts";
import { configMap } from "../objects.ts";

const OBJECTS = 500;

/** What an applied configuration costs beside a merge patch that says the same of the same objects. */
export const apply: ApiMeasurement = {
  name: "apply",
  figures: ["apply32", "applyCost"],
  run: async ({ api, namespace, count }) => {
    const ns = await namespace();
    const path = `/api/v1/namespaces/${ns}/configmaps`;
    const name = (i: number): string => `applied-${i % OBJECTS}`;
    const objects = Array.from({ length: OBJECTS }, (_, i) => configMap(ns, name(i)));
    await sendAll(
      api,
      objects.map((object) => api.prepare("POST", path, object)),
      32,
    );
    const merges = Array.from({ length: count(6_000) }, (_, i) =>
      api.prepare("PATCH", `${path}/${name(i)}`, { data: { said: String(i) } }, MERGE_PATCH),
    );
    const applies = Array.from({ length: count(6_000) }, (_, i) => {
      const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: name(i) }, data: { said: `a${i}` } };
      return api.prepare("PATCH", `${path}/${name(i)}?fieldManager=bench&force=true`, body, APPLY_PATCH);
    });
    const patch32 = await rate(api, merges, 32);
    const apply32 = await rate(api, applies, 32);
    return { apply32, applyCost: patch32 / apply32 };
  },
};
