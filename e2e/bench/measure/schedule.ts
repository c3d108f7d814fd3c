import { until, withTimeout } from "#pkg/async/index.ts";
import type { Api } from "../api.ts";
import { Arrivals, follow } from "../events.ts";
import { sendAll } from "../load.ts";
import type { ApiMeasurement } from "../measurement.ts";
import type { NodeList } from "../nodes.ts";
import { FAKE_NODE_LABEL, fakeNode, fakePod } from "../objects.ts";

const NODES = 100;

export const schedule: ApiMeasurement = {
  name: "schedule",
  figures: ["schedule"],
  run: async ({ api, namespace, count, run, signal }) => {
    const ns = await namespace();
    const selector = `labelSelector=${encodeURIComponent(`${FAKE_NODE_LABEL}=${run}`)}`;
    const nodes = Array.from({ length: NODES }, (_, i) => fakeNode(`${run}-node-${i}`, run));
    try {
      await sendAll(
        api,
        nodes.map((node) => api.prepare("POST", "/api/v1/nodes", node)),
        32,
      );
      await untilSchedulable(api, selector, signal);
      const pods = Array.from({ length: count(1_000) }, (_, i) =>
        api.prepare("POST", `/api/v1/namespaces/${ns}/pods`, fakePod(ns, `pod-${i}`, run)),
      );
      const bound = new Arrivals();
      const watch = await follow(api, `/api/v1/namespaces/${ns}/pods`, ({ object }) => {
        if (object.spec.nodeName !== undefined) bound.add(object.metadata.name);
      });
      const began = performance.now();
      await Promise.all([sendAll(api, pods, 32), bound.reach(pods.length, withTimeout(60_000, signal))]);
      const seconds = (performance.now() - began) / 1000;
      watch.close();
      return { schedule: pods.length / seconds };
    } finally {
      // No kubelet would confirm the end of these pods.
      await api.call("DELETE", `/api/v1/namespaces/${ns}/pods?gracePeriodSeconds=0`);
      await api.call("DELETE", `/api/v1/nodes?${selector}`);
    }
  },
};

/** A new node is tainted until the node lifecycle controller has seen that it is Ready. */
async function untilSchedulable(api: Api, selector: string, signal: AbortSignal): Promise<void> {
  await until(
    async () => {
      const { items } = await api.call<NodeList>("GET", `/api/v1/nodes?${selector}`);
      return items.every(({ spec }) => (spec?.taints ?? []).every(({ effect }) => effect === "PreferNoSchedule"));
    },
    { timeoutMs: 30_000, signal, what: "fake nodes without taints" },
  );
}
