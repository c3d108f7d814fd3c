// What pods are made of: environment, volumes, users, files; what refuses to start and why; what is left when they go.
import assert from "node:assert/strict";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { until } from "#pkg/async/index.ts";
import { type Host, type Lab, openLab } from "../lab/index.ts";
import { everything, greedy, lastWords, refused, staticPod, unsafe } from "./manifest.ts";

describe("pods", () => {
  let lab: Lab;
  let host: Host;
  const k = async (...args: string[]): Promise<string> => await host.kubectl(args);
  const apply = async (input: string): Promise<string> => await host.kubectl(["apply", "-f", "-"], { input });
  const inPod = async (...argv: string[]): Promise<string> => await k("exec", "all", "-c", "c", "--", ...argv);
  const refusal = async (what: () => Promise<unknown>): Promise<string> =>
    await what().then(
      () => "it was allowed",
      (err: Error) => err.message,
    );

  before(async () => {
    lab = await openLab();
    host = await lab.addHost({ name: "one" });
    host.startServer();
    await host.ready();
    await apply(everything);
    await k("wait", "--for=condition=Ready", "pod/all", "--timeout=60s");
  });
  after(async () => {
    if (process.env["MINIK_KEEP"] === "1") process.stderr.write(`kept: ${host.namespace}, ${host.dataDir}\n`);
    else await lab.close();
  });

  it("give containers their environment", async () => {
    const env = await inPod("env");
    for (const line of ["COLOR=red", "PASS=s3cret", "P_color=red", "CPU=200", "KUBERNETES_SERVICE_HOST=10.43.0.1"]) {
      assert.ok(env.split("\n").includes(line), `${line} in ${env}`);
    }
    const ip = await k("get", "pod", "all", "-o", "jsonpath={.status.podIP}");
    assert.ok(env.includes(`POD_IP=${ip}\n`));
  });

  it("run as the user they are told, with nothing more", async () => {
    assert.match(await inPod("id"), /uid=1000 gid=3000 groups=2000,3000,4000/);
    const status = await inPod("cat", "/proc/self/status");
    assert.match(status, /CapEff:\s+0+\n/);
    assert.match(status, /NoNewPrivs:\s+1\n/);
    assert.match(await refusal(() => inPod("touch", "/file")), /Read-only file system/);
  });

  it("see their volumes, and cannot write to what comes from the API", async () => {
    assert.equal(await inPod("cat", "/part", "/key/pass", "/own/note"), "inside\ns3cretone");
    assert.match(await inPod("ls", "-l", "/disk"), / is-red\n/);
    await inPod("touch", "/memory/file", "/named/file");
    assert.match(await inPod("ls", "-ln", "/memory"), / 1000 +2000 .* file\n/);
    assert.match(await inPod("ls", "-lnL", "/key/pass"), /^-r--r----- .* 2000 /);
    for (const dir of ["/conf", "/key", "/own"]) {
      assert.match(await refusal(() => inPod("touch", `${dir}/file`)), /Read-only file system/);
    }
    const mounts = await inPod("cat", "/proc/mounts");
    for (const dir of ["/key", "/memory", "/var/run/secrets/kubernetes.io/serviceaccount"]) {
      assert.match(mounts, new RegExp(`tmpfs ${dir} tmpfs`));
    }
  });

  it("know their names", async () => {
    const hosts = await inPod("cat", "/etc/hosts");
    assert.match(hosts, /\tall\.sub\.default\.svc\.cluster\.local\tall\n/);
    assert.match(hosts, /192\.0\.2\.99\talias\n/);
    assert.match(
      await inPod("cat", "/etc/resolv.conf"),
      /search default\.svc\.cluster\.local .*\n(.*\n)*options ndots:5/,
    );
  });

  it("follow changes of what they mount", async () => {
    await k("patch", "configmap", "conf", "-p", '{"data":{"file.txt":"second"}}');
    await k("annotate", "--overwrite", "pod", "all", "note=two");
    const now = async (): Promise<boolean> => (await inPod("cat", "/conf/file.txt", "/own/note")) === "secondtwo";
    await until(now, { timeoutMs: 10_000, what: "the new content" });
    // A subPath stays what it was until the container starts again.
    assert.equal(await inPod("cat", "/onefile"), "first");
    await inPod("kill", "1");
    const restarted = async (): Promise<boolean> =>
      (await k("get", "pod", "all", "-o", "jsonpath={.status.containerStatuses[0].restartCount}")) === "1";
    await until(restarted, { timeoutMs: 20_000, what: "the restart" });
    await k("wait", "--for=condition=Ready", "pod/all", "--timeout=30s");
    assert.equal(await inPod("cat", "/onefile"), "second");
  });

  it("log both streams, also of the instance before", async () => {
    for (const more of [[], ["--previous"]]) {
      const text = await k("logs", "all", "-c", "c", ...more);
      assert.deepEqual(text.trim().split("\n").sort(), ["problem", "started red $(COLOR)"]);
    }
    assert.match(await k("logs", "all", "-c", "c", "--timestamps", "--tail=1"), /^\d{4}-\d\d-\d\dT\S+Z? \S+/);
    assert.equal((await k("logs", "all", "-c", "c", "--limit-bytes=3")).length, 3);
  });

  it("say why they do not start", async () => {
    await apply(refused);
    for (const [name, message] of [
      ["no-map", 'MountVolume.SetUp failed for volume "v" : configmap "none" not found'],
      ["wrong-type", "hostPath type check failed: /etc/passwd is not a directory"],
      ["root", "container has runAsNonRoot and image will run as root"],
      ["no-key", "couldn't find key none in Secret default/key"],
    ] as const) {
      const said = async (): Promise<boolean> => (await k("describe", "pod", name)).includes(message);
      await until(said, { timeoutMs: 20_000, what: `"${message}" about ${name}` });
    }
    await k("delete", "pod", "no-map", "wrong-type", "root", "no-key");
  });

  it("leave their last words", async () => {
    await apply(lastWords);
    await k("wait", "--for=jsonpath={.status.phase}=Failed", "pod/words", "--timeout=30s");
    const path =
      "jsonpath={.status.containerStatuses[0].state.terminated.exitCode} {.status.containerStatuses[0].state.terminated.message}";
    assert.equal((await k("get", "pod", "words", "-o", path)).trim(), "3 the end");
    assert.equal((await k("logs", "words")).trim(), "said");
    await k("delete", "pod", "words");
  });

  it("fail when they take more than is theirs", async () => {
    await apply(`${greedy}\n---\n${unsafe}`);
    const failure = async (name: string): Promise<string> =>
      await k("get", "pod", name, "-o", "jsonpath={.status.phase} {.status.reason}: {.status.message}");
    const unsafeFailure = /^Failed SysctlForbidden: .*"net\.core\.somaxconn" not allowlisted/;
    await until(async () => unsafeFailure.test(await failure("unsafe")), {
      timeoutMs: 10_000,
      what: "SysctlForbidden",
    });
    const greedyFailure = /^Failed Evicted: Usage of EmptyDir volume "v" exceeds the limit "1Mi"/;
    await until(async () => greedyFailure.test(await failure("greedy")), { timeoutMs: 30_000, what: "the eviction" });
    await k("delete", "pod", "greedy", "unsafe");
  });

  it("run from manifests, shown by mirrors that come back", async () => {
    const dir = join(host.dataDir, "agent/pod-manifests");
    await writeFile(join(dir, "static.yaml"), staticPod);
    const shown = async (): Promise<string> =>
      await k("get", "pod", "static-one", "--ignore-not-found", "-o", "jsonpath={.metadata.uid} {.status.phase}");
    const running = async (): Promise<boolean> => (await shown()).endsWith(" Running");
    await until(running, { timeoutMs: 40_000, what: "the static pod" });
    const before = await shown();
    await k("delete", "pod", "static-one", "--wait=false");
    await until(async () => (await running()) && (await shown()) !== before, {
      timeoutMs: 20_000,
      what: "a new mirror",
    });
    await rm(join(dir, "static.yaml"));
    await until(async () => (await shown()) === "", { timeoutMs: 40_000, what: "the end of the static pod" });
  });

  it("answer statistics, and nobody without a credential", async () => {
    const summary = JSON.parse(await k("get", "--raw", "/api/v1/nodes/one/proxy/stats/summary"));
    assert.ok(summary.pods.some((pod: { podRef: { name: string } }) => pod.podRef.name === "all"));
    assert.match(await k("get", "--raw", "/api/v1/nodes/one/proxy/metrics/resource"), /pod_memory_working_set_bytes\{/);
    const url = `https://${host.address}:10250/pods`;
    const answer = await host.exec(["curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", url]);
    assert.equal(answer, "401");
  });

  it("leave nothing behind", async () => {
    await k("delete", "pod", "all", "--timeout=30s");
    const agent = join(host.dataDir, "agent");
    for (const dir of ["kubelet/pods", "kubelet/tmpfs", "logs/pods"]) {
      const isEmpty = async (): Promise<boolean> => (await readdir(join(agent, dir))).length === 0;
      await until(isEmpty, { timeoutMs: 20_000, what: `an empty ${dir}` });
    }
    const mounts = await readFile("/proc/self/mounts", "utf8");
    assert.equal(mounts.includes(join(agent, "kubelet/pods")), false);
  });
});
