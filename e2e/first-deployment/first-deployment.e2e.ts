// The main job with kubectl: a Deployment behind a Service on real containers, and everything a user does with it.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { until } from "#pkg/async/index.ts";
import {
  BUSYBOX_IMAGE,
  BUSYBOX_NEXT_IMAGE,
  findKubectls,
  type Host,
  type Kubectl,
  type Lab,
  openLab,
} from "../lab/index.ts";
import { manifest } from "./manifest.ts";

const kubectls = await findKubectls(["1.27", "1.33"]);
const keep = process.env["MINIK_KEEP"] === "1";

/** Collects what a long-running program prints. */
function watchOutput(child: ChildProcess): { text: string } {
  const output = { text: "" };
  const add = (chunk: Buffer): void => {
    output.text += chunk.toString("utf8");
  };
  child.stdout?.on("data", add);
  child.stderr?.on("data", add);
  return output;
}

describe("a first deployment", () => {
  let lab: Lab;
  let host: Host;
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "minik-e2e-"));
    lab = await openLab();
    host = await lab.addHost({ name: "one" });
    host.startServer();
    await host.ready();
  });
  after(async () => {
    if (keep) process.stderr.write(`kept: ${host.namespace}, ${host.dataDir}\n`);
    else await lab.close();
    await rm(dir, { recursive: true, force: true });
  });

  for (const [index, kubectl] of kubectls.entries()) scenario(kubectl, `shop-${index}`, 30_080 + index);

  function scenario({ version, program }: Kubectl, namespace: string, nodePort: number): void {
    describe(`with kubectl ${version}`, () => {
      const k = async (
        args: readonly string[],
        options: { input?: string; timeoutMs?: number } = {},
      ): Promise<string> => await host.kubectl(["--namespace", namespace, ...args], { ...options, program });
      const start = (args: readonly string[], stdin: "ignore" | "pipe" = "ignore"): ChildProcess =>
        spawn(
          "nsenter",
          [`--net=/run/netns/${host.namespace}`, program, "--kubeconfig", host.kubeconfig, "-n", namespace, ...args],
          {
            stdio: [stdin, "pipe", "pipe"],
          },
        );
      const podNames = async (): Promise<string[]> =>
        (await k(["get", "pods", "-l", "app=web", "-o", "jsonpath={.items[*].metadata.name}"]))
          .split(" ")
          .filter((n) => n !== "");
      const firstPod = async (): Promise<string> => (await podNames())[0] as string;
      const fetchFrom = async (url: string): Promise<string> =>
        (await host.exec(["busybox", "wget", "-q", "-O", "-", url])).trim();

      it("applies the manifest and rolls out", async () => {
        const file = join(dir, `${namespace}.yaml`);
        await writeFile(file, manifest(namespace, nodePort));
        assert.match(await k(["apply", "-f", file]), /deployment.apps\/web created/);
        assert.match(await k(["rollout", "status", "deployment/web", "--timeout=60s"]), /successfully rolled out/);
        assert.match(await k(["apply", "-f", file]), /deployment.apps\/web unchanged/);
        assert.equal((await podNames()).length, 3);
      });

      it("answers on the ClusterIP and the NodePort, from the host and from a pod, from every replica", async () => {
        const ip = await k(["get", "service", "web", "-o", "jsonpath={.spec.clusterIP}"]);
        const expected = new Set(await podNames());
        const pod = await firstPod();
        const ways: Record<string, () => Promise<string>> = {
          "ClusterIP from the host": async () => await fetchFrom(`http://${ip}/`),
          "NodePort from the host": async () => await fetchFrom(`http://${host.address}:${nodePort}/`),
          "NodePort on loopback": async () => await fetchFrom(`http://127.0.0.1:${nodePort}/`),
          "ClusterIP from a pod": async () =>
            (await k(["exec", pod, "--", "wget", "-q", "-O", "-", `http://${ip}/`])).trim(),
          "NodePort from a pod": async () =>
            (await k(["exec", pod, "--", "wget", "-q", "-O", "-", `http://${host.address}:${nodePort}/`])).trim(),
        };
        for (const [way, ask] of Object.entries(ways)) {
          const seen = new Set<string>();
          await until(
            async () => {
              seen.add(await ask());
              return seen.size === expected.size;
            },
            { timeoutMs: 20_000, intervalMs: 1, what: `answers of all replicas over the ${way}` },
          );
          assert.deepEqual(seen, expected, way);
        }
      });

      it("gives pods their configuration", async () => {
        const pod = await firstPod();
        assert.equal(
          await k(["exec", pod, "--", "sh", "-c", "echo $COLOR $PASSWORD; cat /site/color /key/password"]),
          "blue open-sesame\nblueopen-sesame",
        );
      });

      it("lists, describes, explains", async () => {
        assert.match(
          await k(["get", "pods", "-o", "wide"]),
          /NAME +READY +STATUS +RESTARTS +AGE +IP +NODE[^\n]*\nweb-[a-z0-9-]+ +1\/1 +Running/,
        );
        assert.match(await k(["get", "deployment,rs,svc"]), /deployment.apps\/web +3\/3 +3 +3/);
        assert.match(await k(["describe", "pod", await firstPod()]), /Started container web|Started +\d+s/);
        assert.match(await k(["describe", "deployment", "web"]), /ScalingReplicaSet/);
        assert.match(await k(["describe", "node", "one"]), /KubeletReady/);
        assert.match(await k(["explain", "deployment.spec.strategy"]), /rollingUpdate/);
        assert.match(await k(["api-resources"]), /deployments +deploy +apps\/v1 +true +Deployment/);
      });

      it("follows logs", async () => {
        const child = start(["logs", "-f", await firstPod()]);
        const output = watchOutput(child);
        await until(() => output.text.includes("started color=blue"), {
          timeoutMs: 15_000,
          what: "the first log line",
        });
        child.kill();
        assert.match(
          await k(["logs", "deployment/web", "--tail=1", "--timestamps"]),
          /\d{4}-\d\d-\d\dT\S+ started color=blue/,
        );
      });

      it("runs programs in a container, with and without a terminal", async () => {
        const pod = await firstPod();
        assert.equal(await k(["exec", "-i", pod, "--", "cat"], { input: "through stdin" }), "through stdin");
        await assert.rejects(k(["exec", pod, "--", "sh", "-c", "exit 7"]), /exit code 7/);
        const terminal = await host.exec([
          "script",
          "-qec",
          [program, "--kubeconfig", host.kubeconfig, "-n", namespace, "exec", "-it", pod, "--", "tty"].join(" "),
          "/dev/null",
        ]);
        assert.match(terminal, /\/dev\/(pts\/0|console)/);
      });

      it("copies files in and out", async () => {
        const pod = await firstPod();
        const from = join(dir, `${namespace}-from`);
        const to = join(dir, `${namespace}-to`);
        const content = "0123456789abcdef".repeat(20_000);
        await writeFile(from, content);
        await k(["cp", from, `${pod}:/tmp/copied`]);
        await k(["cp", `${pod}:/tmp/copied`, to]);
        assert.equal(await readFile(to, "utf8"), content);
      });

      it("forwards a port", async () => {
        const pod = await firstPod();
        const child = start(["port-forward", `pod/${pod}`, ":8080"]);
        const output = watchOutput(child);
        try {
          const port = await until(() => /127\.0\.0\.1:(\d+) ->/.exec(output.text)?.[1], {
            timeoutMs: 15_000,
            what: "the forwarded port",
          });
          for (let i = 0; i < 5; i++) assert.equal(await fetchFrom(`http://127.0.0.1:${port}/`), pod);
        } finally {
          child.kill();
        }
      });

      it("attaches to a running container", async () => {
        await k([
          "run",
          "echo",
          `--image=${BUSYBOX_IMAGE}`,
          "--restart=Never",
          "-i=false",
          "--overrides",
          JSON.stringify({
            spec: {
              terminationGracePeriodSeconds: 0,
              containers: [
                {
                  name: "echo",
                  image: BUSYBOX_IMAGE,
                  command: ["sh", "-c", "read line; echo got $line; sleep 60"],
                  stdin: true,
                },
              ],
            },
          }),
        ]);
        await k(["wait", "--for=condition=Ready", "pod/echo", "--timeout=30s"]);
        const child = start(["attach", "-i", "echo"], "pipe");
        const output = watchOutput(child);
        child.stdin?.write("hello\n");
        await until(() => output.text.includes("got hello"), { timeoutMs: 15_000, what: "the attached answer" });
        child.kill();
        assert.match(await k(["delete", "pod", "echo", "--now"]), /deleted/);
      });

      it("scales", async () => {
        await k(["scale", "deployment/web", "--replicas=5"]);
        await k(["wait", "deployment/web", "--for=jsonpath={.status.readyReplicas}=5", "--timeout=60s"]);
        await k(["scale", "deployment/web", "--replicas=3"]);
        await until(async () => (await podNames()).length === 3, { timeoutMs: 30_000, what: "three pods" });
      });

      it("rolls out a new image and rolls it back", async () => {
        await k(["set", "image", "deployment/web", `web=${BUSYBOX_NEXT_IMAGE}`]);
        await k(["rollout", "status", "deployment/web", "--timeout=90s"]);
        assert.match(
          await k(["get", "pods", "-l", "app=web", "-o", "jsonpath={.items[*].spec.containers[0].image}"]),
          new RegExp(BUSYBOX_NEXT_IMAGE),
        );
        assert.match(await k(["rollout", "undo", "deployment/web"]), /rolled back/);
        await k(["rollout", "status", "deployment/web", "--timeout=90s"]);
        assert.equal(
          await k(["get", "deployment", "web", "-o", "jsonpath={.spec.template.spec.containers[0].image}"]),
          BUSYBOX_IMAGE,
        );
        assert.match(await k(["rollout", "history", "deployment/web"]), /^3 /m);
      });

      it("brings back a container that is killed inside", async () => {
        const pod = await firstPod();
        await k(["exec", pod, "--", "sh", "-c", "kill $(pidof httpd)"]);
        await until(
          async () => {
            const [restarts, ready] = (
              await k([
                "get",
                "pod",
                pod,
                "-o",
                "jsonpath={.status.containerStatuses[0].restartCount} {.status.containerStatuses[0].ready}",
              ])
            ).split(" ");
            return Number(restarts) >= 1 && ready === "true";
          },
          { timeoutMs: 60_000, intervalMs: 200, what: "the container to come back" },
        );
      });

      it("empties a namespace that is deleted", async () => {
        await k(["delete", "namespace", namespace, "--timeout=60s"], { timeoutMs: 70_000 });
        await assert.rejects(k(["get", "namespace", namespace]), /NotFound/);
        assert.equal(
          await host.kubectl([
            "get",
            "pods,services,deployments,configmaps",
            "-A",
            "--field-selector",
            `metadata.namespace=${namespace}`,
            "-o",
            "name",
          ]),
          "",
        );
      });
    });
  }
});
