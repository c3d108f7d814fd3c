// `make up`: a cluster on a host of its own (a network namespace with no way out), the example on it, and its answer.
import { access, mkdir } from "node:fs/promises";
import { until } from "#pkg/async/index.ts";
import { Host, LabNetwork } from "../lab/index.ts";
import { DATA_DIR, EXAMPLE, OWNER } from "./place.ts";

const say = (text: string): void => void process.stdout.write(`${text}\n`);

if (process.getuid?.() !== 0) {
  process.stderr.write("make up starts containers and network namespaces: run it as root\n");
  process.exit(1);
}
if (
  await access(DATA_DIR).then(
    () => true,
    () => false,
  )
) {
  process.stderr.write("make up already ran: make down first\n");
  process.exit(1);
}

const began = performance.now();
await mkdir(DATA_DIR, { recursive: true, mode: 0o700 });
const host = await Host.create({ name: "minik", network: new LabNetwork(OWNER), dataDir: DATA_DIR });
host.startServer();
host.leaveRunning();
say(`starting minik on host ${host.address} (namespace ${host.namespace})`);
await host.ready();
say(`node Ready after ${((performance.now() - began) / 1000).toFixed(1)} s`);
say((await host.kubectl(["apply", "-f", EXAMPLE])).trim());
say((await host.kubectl(["rollout", "status", "deployment/hello", "--timeout=120s"])).trim().split("\n").at(-1) ?? "");
const ip = await host.kubectl(["get", "service", "hello", "-o", "jsonpath={.spec.clusterIP}"]);
const answers = new Set<string>();
await until(
  async () => {
    answers.add((await host.exec(["busybox", "wget", "-q", "-O", "-", `http://${ip}/`])).trim());
    return answers.size === 3;
  },
  { timeoutMs: 30_000, intervalMs: 10, what: "an answer of every replica" },
);
for (const answer of answers) say(`http://${ip}/  ${answer}`);
say(`\nTry it:  nsenter --net=/run/netns/${host.namespace} kubectl --kubeconfig ${host.kubeconfig} get pods -o wide`);
say("Remove it:  make down");
