import { withTimeout } from "#pkg/async/index.ts";
import { Arrivals, follow } from "./events.ts";
import { sendAll } from "./load.ts";
import type { Bench } from "./measurement.ts";
import { realPod } from "./objects.ts";

const TIMEOUT_MS = 90_000;

/** Creates pods all at once; resolves to the seconds until all of them run. */
export async function startPods({ api, image, signal }: Bench, namespace: string, count: number): Promise<number> {
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const running = new Arrivals();
  const watch = await follow(api, path, ({ object }) => {
    if (object.status?.phase === "Running") running.add(object.metadata.name);
  });
  const creates = Array.from({ length: count }, (_, i) =>
    api.prepare("POST", path, realPod(namespace, `pod-${i}`, image)),
  );
  const began = performance.now();
  await Promise.all([sendAll(api, creates, count), running.reach(count, withTimeout(TIMEOUT_MS, signal))]);
  watch.close();
  return (performance.now() - began) / 1000;
}
