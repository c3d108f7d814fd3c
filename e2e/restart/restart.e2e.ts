// What survives: minik killed in the middle of a rollout, and containerd killed under running pods.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { until } from "#pkg/async/index.ts";
import { manifest } from "../first-deployment/manifest.ts";
import { BUSYBOX_NEXT_IMAGE, type Host, type Lab, openLab } from "../lab/index.ts";

const NS = "steady";

describe("restarts", () => {
  let lab: Lab;
  let host: Host;
  const k = async (...args: string[]): Promise<string> =>
    await host.kubectl(["-n", NS, ...args], { timeoutMs: 100_000 });
  /** Container id to restart count, of everything that runs in the namespace. */
  const containers = async (): Promise<Map<string, string>> => {
    const text = await k(
      "get",
      "pods",
      "-o",
      "jsonpath={range .items[*]}{.status.containerStatuses[0].containerID} {.status.containerStatuses[0].restartCount}{'\\n'}{end}",
    );
    return new Map(
      text
        .trim()
        .split("\n")
        .map((line) => line.split(" ") as [string, string]),
    );
  };

  before(async () => {
    lab = await openLab();
    host = await lab.addHost({ name: "one" });
    host.startServer();
    await host.ready();
    await host.kubectl(["apply", "-f", "-"], { input: manifest(NS, 30_080) });
    await k("rollout", "status", "deployment/web", "--timeout=60s");
  });
  after(async () => {
    if (process.env["MINIK_KEEP"] === "1") process.stderr.write(`kept: ${host.namespace}, ${host.dataDir}\n`);
    else await lab.close();
  });

  it("minik killed and started again leaves running containers as they are", async () => {
    const before = await containers();
    assert.equal(before.size, 3);
    await host.stopServer("SIGKILL");
    host.startServer();
    await host.ready();
    // The node's Ready condition is from before the kill until the kubelet has looked again.
    await k("annotate", "deployment/web", "touched=yes");
    await k("rollout", "status", "deployment/web", "--timeout=60s");
    assert.deepEqual(await containers(), before);
  });

  it("minik killed in a rollout finishes it after the restart, without losing what was acknowledged", async () => {
    await k("set", "image", "deployment/web", `web=${BUSYBOX_NEXT_IMAGE}`);
    const acknowledged: string[] = [];
    for (let i = 0; i < 20; i++)
      acknowledged.push((await k("create", "configmap", `kept-${i}`, `--from-literal=i=${i}`, "-o", "name")).trim());
    await host.stopServer("SIGKILL");
    host.startServer();
    await host.ready();
    await k("rollout", "status", "deployment/web", "--timeout=90s");
    const names = (await k("get", "configmaps", "-o", "name")).split("\n");
    for (const name of acknowledged) assert.ok(names.includes(name), `${name} is there after the restart`);
    await until(async () => (await containers()).size === 3, { timeoutMs: 30_000, what: "three pods" });
    for (const [id, restarts] of await containers()) assert.equal(restarts, "0", `${id} was not restarted`);
  });

  it("minik stopped leaves pods running, and Services answering", async () => {
    const ip = await k("get", "service", "web", "-o", "jsonpath={.spec.clusterIP}");
    const before = await containers();
    assert.equal(await host.stopServer("SIGTERM"), 0);
    assert.match(await host.exec(["busybox", "wget", "-q", "-O", "-", `http://${ip}/`]), /^web-/);
    host.startServer();
    await host.ready();
    await k("rollout", "status", "deployment/web", "--timeout=60s");
    assert.deepEqual(await containers(), before);
  });

  it("containerd killed comes back, and pods with it", async () => {
    const before = await containers();
    // The node's Ready condition is from before the restart: containerd may be on its way still.
    await until(
      async () => {
        const pid = Number(await readFile(join(host.dataDir, "agent/containerd/containerd.pid"), "utf8"));
        // The file is empty for a moment, and process 0 would be this test itself.
        return pid > 1 && process.kill(pid, "SIGKILL");
      },
      { timeoutMs: 20_000, intervalMs: 50, what: "containerd to kill" },
    );
    await k("scale", "deployment/web", "--replicas=4");
    await k("wait", "deployment/web", "--for=jsonpath={.status.readyReplicas}=4", "--timeout=60s");
    const now = await containers();
    for (const id of before.keys()) assert.equal(now.get(id), "0", `${id} kept running`);
    assert.match(await k("exec", "deployment/web", "--", "hostname"), /^web-/);
  });
});
