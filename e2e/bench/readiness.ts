// Watches a server start, beside it: `readiness.ts KUBECONFIG`. Prints a line when it watches, and one of JSON (Readiness) when
// /readyz has answered and a node is Ready and has shown itself since then.
import { access } from "node:fs/promises";
import { until } from "#pkg/async/index.ts";
import { Api } from "./api.ts";
import { type NodeList, readyNodes } from "./nodes.ts";

/** Moments, in milliseconds since 1970. */
export interface Readiness {
  readonly readyz: number;
  readonly nodeReady: number;
}

interface LeaseList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly spec?: { readonly renewTime?: string };
  }[];
}

const [kubeconfig = ""] = process.argv.slice(2);
const began = Date.now();
const options = { timeoutMs: 60_000, intervalMs: 5 };
process.stdout.write("watching\n");

await until(() => access(kubeconfig).then(() => true), { ...options, what: kubeconfig });
const api = await until(
  async () => {
    const candidate = await Api.connect(kubeconfig);
    try {
      await candidate.send(candidate.prepare("GET", "/readyz"));
      return candidate;
    } catch (err) {
      candidate.close();
      throw err;
    }
  },
  { ...options, what: "/readyz" },
);
const readyz = Date.now();

/** After a restart the Ready condition is the old one; the Lease tells that the kubelet lives. */
async function nodeLives(): Promise<boolean> {
  const leases = await api.call<LeaseList>("GET", "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases");
  const renewed = leases.items.filter(({ spec }) => Date.parse(spec?.renewTime ?? "") >= began);
  const ready = readyNodes(await api.call<NodeList>("GET", "/api/v1/nodes"));
  return renewed.some(({ metadata }) => ready.includes(metadata.name));
}
await until(nodeLives, { ...options, what: "a Ready node" });
const readiness: Readiness = { readyz, nodeReady: Date.now() };
api.close();
process.stdout.write(`${JSON.stringify(readiness)}\n`);
