import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Host, inside } from "../../lab/index.ts";
import type { HostMeasurement } from "../measurement.ts";
import type { Readiness } from "../readiness.ts";

const READINESS = fileURLToPath(new URL("../readiness.ts", import.meta.url));

/** Starts minik with someone watching inside its namespace; resolves to seconds from the start of the process. */
async function timedStart(host: Host): Promise<Readiness> {
  const [program, net] = inside(host.namespace);
  const watcher = spawn(program, [net, process.execPath, READINESS, host.kubeconfig], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(watcher, "exit");
  const lines = createInterface({ input: watcher.stdout })[Symbol.asyncIterator]();
  // Its first line says that it watches: its own start is not in the figure.
  await lines.next();
  const began = Date.now();
  host.startServer();
  const line = await lines.next();
  await ended;
  if (line.done === true) throw new Error(`minik did not become ready:\n${await host.logTail()}`);
  const { readyz, nodeReady } = JSON.parse(line.value) as Readiness;
  return { readyz: (readyz - began) / 1000, nodeReady: (nodeReady - began) / 1000 };
}

/** On a host where minik does not run: from an empty data directory, and again from what that left. It runs afterwards. */
export const start: HostMeasurement = {
  name: "start",
  figures: ["readyz", "nodeReady", "readyzAgain", "nodeReadyAgain"],
  startsServer: true,
  run: async (host) => {
    const first = await timedStart(host);
    await host.stopServer();
    const again = await timedStart(host);
    return {
      readyz: first.readyz,
      nodeReady: first.nodeReady,
      readyzAgain: again.readyz,
      nodeReadyAgain: again.nodeReady,
    };
  },
};
