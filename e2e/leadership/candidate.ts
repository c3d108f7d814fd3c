// A scheduler and a controller manager in a process of their own, as a second server would run them.
// Usage: candidate.ts KUBECONFIG IDENTITY LEASE_SECONDS. Ends at SIGTERM.
import { readFile } from "node:fs/promises";
import { createHttpsTransport, loadKubeconfig } from "#pkg/client/index.ts";
import { createLogger } from "#pkg/log/index.ts";
import { runControl } from "#cmd/minik/threads/control.ts";

const [kubeconfig, identity, leaseSeconds] = process.argv.slice(2);
if (kubeconfig === undefined || identity === undefined)
  throw new Error("Usage: candidate.ts KUBECONFIG IDENTITY LEASE");
const life = new AbortController();
process.on("SIGTERM", () => life.abort());
const access = await loadKubeconfig(kubeconfig);
await runControl(
  {
    scheduler: createHttpsTransport(access),
    controllers: createHttpsTransport(access),
    log: createLogger("info"),
    identity,
    leaseDurationSeconds: Number(leaseSeconds),
    clusterCidr: "10.42.0.0/16",
    rootCa: typeof access.ca === "string" ? access.ca : await readFile((access.ca as { file: string }).file, "utf8"),
  },
  life.signal,
);
