import { rate, sendAll } from "../load.ts";
import type { ApiMeasurement } from "../measurement.ts";
import { configMap } from "../objects.ts";

export const remove: ApiMeasurement = {
  name: "delete",
  figures: ["delete32"],
  run: async ({ api, namespace, count }) => {
    const ns = await namespace();
    const path = `/api/v1/namespaces/${ns}/configmaps`;
    const names = Array.from({ length: count(9_000) }, (_, i) => `gone-${i}`);
    await sendAll(
      api,
      names.map((name) => api.prepare("POST", path, configMap(ns, name))),
      32,
    );
    return {
      delete32: await rate(
        api,
        names.map((name) => api.prepare("DELETE", `${path}/${name}`)),
        32,
      ),
    };
  },
};
