import { sleep } from "#pkg/async/index.ts";
import type { HostMeasurement } from "../measurement.ts";
import { processesOf, residentBytes } from "../processes.ts";

const SETTLE_MS = 10_000;
const WINDOW_MS = 25_000;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);

/** Of all processes of the server, without the container runtime; the node is Ready and nobody asks anything. */
export const idle: HostMeasurement = {
  name: "idle",
  figures: ["memory", "idleCpu"],
  run: async (host) => {
    const root = host.pid;
    if (root === undefined) throw new Error("minik does not run");
    const cpuSeconds = async (): Promise<number> => sum((await processesOf(root)).map((p) => p.cpuSeconds));
    await sleep(SETTLE_MS);
    const before = await cpuSeconds();
    const began = performance.now();
    await sleep(WINDOW_MS);
    const seconds = (performance.now() - began) / 1000;
    const idleCpu = (100 * ((await cpuSeconds()) - before)) / seconds;
    const bytes = await Promise.all((await processesOf(root)).map(({ pid }) => residentBytes(pid)));
    return { idleCpu, memory: sum(bytes) / 1e6 };
  },
};
