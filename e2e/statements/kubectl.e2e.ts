// The statements of sig-cli, and those about published schemas, with kubectl and running containers.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { until } from "#pkg/async/index.ts";
import { BUSYBOX_IMAGE, BUSYBOX_NEXT_IMAGE, type Host, inside, type Lab, openLab } from "../lab/index.ts";
import {
  deployment,
  fooDefinition,
  guestbookServices,
  guestbookWorkloads,
  listOf,
  naming,
  pod,
  replicationController,
} from "./manifests.ts";

const NAMESPACE = "statements";
const soon = { timeoutMs: 30_000, intervalMs: 100 };

describe("kubectl", { concurrency: 3 }, () => {
  let lab: Lab;
  let host: Host;
  let dir: string;
  const k = async (args: readonly string[], input?: string): Promise<string> =>
    (await host.kubectl(["-n", NAMESPACE, ...args], input === undefined ? {} : { input })).trim();
  const make = async (...objects: object[]): Promise<string> => await k(["create", "-f", "-"], listOf(...objects));
  const read = async (kind: string, name: string, path: string): Promise<string> =>
    await k(["get", kind, name, "-o", `jsonpath={${path}}`]);
  const ready = async (...args: string[]): Promise<string> =>
    await k(["wait", "pod", "--for=condition=Ready", "--timeout=30s", ...args]);
  const fetchUrl = async (url: string): Promise<string> =>
    (await host.exec(["busybox", "wget", "-q", "-O", "-", url], { timeoutMs: 5_000 })).trim();
  /** The pods that run, by their label. */
  const runningOf = async (app: string): Promise<string[]> => {
    const words = await k([
      "get",
      "pods",
      "-l",
      `app=${app}`,
      "-o",
      "jsonpath={.items[?(@.status.phase=='Running')].metadata.name}",
    ]);
    return words.split(" ").filter((word) => word !== "");
  };
  const count = async (app: string, wanted: number): Promise<string[]> => {
    const names = async (): Promise<string[] | false> => {
      const found = await runningOf(app);
      const all = (await k(["get", "pods", "-l", `app=${app}`, "-o", "name"]))
        .split("\n")
        .filter((line) => line !== "");
      return found.length === wanted && all.length === wanted && found;
    };
    return await until(names, { ...soon, what: `${wanted} pods of ${app}` });
  };
  /** A `kubectl proxy` until `use` is done with what it printed. */
  const withProxy = async (args: readonly string[], use: (output: string) => Promise<void>): Promise<void> => {
    const [program, ...rest] = [
      ...inside(host.namespace),
      "kubectl",
      "--kubeconfig",
      host.kubeconfig,
      "proxy",
      ...args,
    ];
    const child: ChildProcess = spawn(program, rest, { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    try {
      await until(() => output.includes("Starting to serve on"), { ...soon, what: "kubectl proxy" });
      await use(output);
    } finally {
      child.kill();
    }
  };
  const versionsIn = (text: string): unknown[] => (JSON.parse(text) as { versions: unknown[] }).versions;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "minik-e2e-"));
    lab = await openLab();
    host = await lab.addHost({ name: "one" });
    host.startServer();
    await host.ready();
    await host.kubectl(["create", "namespace", NAMESPACE]);
  });
  after(async () => {
    if (process.env["MINIK_KEEP"] === "1") process.stderr.write(`kept: ${host.namespace}, ${host.dataDir}\n`);
    else await lab.close();
    await rm(dir, { recursive: true, force: true });
  });

  it("creates a guestbook that keeps what is written into it, and stops it", async () => {
    await make(...guestbookServices());
    await make(...guestbookWorkloads());
    for (const name of ["primary", "replica", "frontend"]) await k(["rollout", "status", `deployment/${name}`]);
    assert.equal((await runningOf("replica")).length, 2);
    const frontend = `http://${await read("service", "frontend", ".spec.clusterIP")}/cgi-bin`;
    await until(async () => (await fetchUrl(`${frontend}/set?value=TestEntry`)) === "stored", soon);
    await until(async () => (await fetchUrl(`${frontend}/get`)) === "TestEntry", soon);
    await k(
      ["delete", "-f", "-", "--grace-period=0", "--force"],
      listOf(...guestbookServices(), ...guestbookWorkloads()),
    );
    const left = async (): Promise<string> =>
      await k(["get", "pods,rs,deployments,svc", "-l", "guestbook=yes", "-o", "name"]);
    await until(async () => (await left()) === "", soon);
  });

  it("tells in cluster-info where the control plane runs", async () => {
    assert.match(await k(["cluster-info"]), /Kubernetes control plane.* is running at .*https:\/\//);
  });

  it("shows in diff the image that a Deployment would get", async () => {
    await make(deployment("differs", BUSYBOX_IMAGE));
    // kubectl diff ends with 1 where there is a difference.
    const difference = await k(["diff", "-f", "-"], listOf(deployment("differs", BUSYBOX_NEXT_IMAGE))).then(
      () => "no difference",
      (err: Error & { stdout?: string }) => String(err.stdout),
    );
    assert.match(difference, new RegExp(`^- .*image: ${BUSYBOX_IMAGE}$`, "m"));
    assert.match(difference, new RegExp(`^\\+ .*image: ${BUSYBOX_NEXT_IMAGE}$`, "m"));
    await k(["delete", "deployment", "differs"]);
  });

  it("exposes a replication controller, and a service, under other ports", async () => {
    await make(replicationController("listens", 1, naming(6379)));
    const [name = ""] = await count("listens", 1);
    await k(["expose", "rc", "listens", "--name=rm2", "--port=1234", "--target-port=6379"]);
    await k(["expose", "service", "rm2", "--name=rm3", "--port=2345", "--target-port=6379"]);
    for (const [service, port] of [
      ["rm2", 1234],
      ["rm3", 2345],
    ] as const) {
      const ports = "{.spec.ports[0].port} {.spec.ports[0].targetPort} {.spec.clusterIP}";
      const [from, to, address] = (await k(["get", "service", service, "-o", `jsonpath=${ports}`])).split(" ");
      assert.deepEqual([from, to], [String(port), "6379"]);
      await until(async () => (await fetchUrl(`http://${address}:${port}/`)) === name, { ...soon, what: service });
    }
    await k(["delete", "rc/listens", "svc/rm2", "svc/rm3"]);
  });

  it("gives a pod a label and takes it away", async () => {
    await make(pod("labelled"));
    await ready("labelled");
    const listed = async (): Promise<string> => await k(["get", "pods", "-l", "testing-label", "-o", "name"]);
    await k(["label", "pods", "labelled", "testing-label=testing-label-value"]);
    assert.match(await k(["get", "pod", "labelled", "-L", "testing-label"]), /testing-label-value/);
    assert.equal(await listed(), "pod/labelled");
    await k(["label", "pods", "labelled", "testing-label-"]);
    assert.equal(await listed(), "");
    assert.doesNotMatch(await k(["get", "pod", "labelled", "-L", "testing-label"]), /testing-label-value/);
    await k(["delete", "pod", "labelled"]);
  });

  it("patches annotations into every pod of a replication controller", async () => {
    await make(replicationController("annotated", 2));
    const names = await count("annotated", 2);
    for (const name of names) await k(["patch", "pod", name, "-p", '{"metadata":{"annotations":{"x":"y"}}}']);
    assert.equal(
      await k(["get", "pods", "-l", "app=annotated", "-o", "jsonpath={.items[*].metadata.annotations.x}"]),
      "y y",
    );
    await k(["delete", "rc", "annotated"]);
  });

  it("replaces a pod's image where it runs, and the pod when forced", async () => {
    // As process 1 of its container, sleep alone would not hear that it is to end.
    const command = ["sh", "-c", "trap 'exit 0' TERM; sleep 3600 & wait"];
    await k(["run", "replaced", `--image=${BUSYBOX_IMAGE}`, "--command", "--", ...command]);
    await ready("replaced");
    const text = await k(["get", "pod", "replaced", "-o", "json"]);
    await k(["replace", "-f", "-"], text.replaceAll(BUSYBOX_IMAGE, BUSYBOX_NEXT_IMAGE));
    assert.equal(await read("pod", "replaced", ".spec.containers[0].image"), BUSYBOX_NEXT_IMAGE);
    const runs = async (): Promise<boolean> =>
      (await read("pod", "replaced", ".status.containerStatuses[0].image")) === BUSYBOX_NEXT_IMAGE &&
      (await read("pod", "replaced", ".status.containerStatuses[0].state.running.startedAt")) !== "";
    await until(runs, { ...soon, what: "the container with the next image" });
    const uid = await read("pod", "replaced", ".metadata.uid");
    await k(["replace", "--force", "--grace-period=0", "-f", "-"], listOf(pod("replaced")));
    assert.notEqual(await read("pod", "replaced", ".metadata.uid"), uid);
    assert.equal(await read("pod", "replaced", ".spec.containers[0].image"), BUSYBOX_IMAGE);
    await k(["delete", "pod", "replaced"]);
  });

  it("runs a pod from an image, to be restarted never", async () => {
    await k(["run", "once", "--restart=Never", `--image=${BUSYBOX_IMAGE}`, "--command", "--", "true"]);
    assert.equal(await read("pod", "once", ".spec.containers[*].image"), BUSYBOX_IMAGE);
    assert.equal(await read("pod", "once", ".spec.restartPolicy"), "Never");
    await until(async () => (await read("pod", "once", ".status.phase")) === "Succeeded", soon);
    await k(["delete", "pod", "once"]);
  });

  it("tries a patch on the server and changes nothing", async () => {
    await k(["run", "tried", `--image=${BUSYBOX_IMAGE}`, "--command", "--", "sleep", "3600"]);
    const image = `{"spec":{"containers":[{"name":"tried","image":"${BUSYBOX_NEXT_IMAGE}"}]}}`;
    const patch = ["patch", "pod", "tried", "-p", image, "--dry-run=server"];
    assert.equal(await k([...patch, "-o", "jsonpath={.spec.containers[0].image}"]), BUSYBOX_NEXT_IMAGE);
    assert.equal(await read("pod", "tried", ".spec.containers[0].image"), BUSYBOX_IMAGE);
    await k(["delete", "pod", "tried", "--now"]);
  });

  it("proxies on a unix socket", async () => {
    const socketPath = join(dir, "proxy.sock");
    await withProxy([`--unix-socket=${socketPath}`], async () => {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      get({ socketPath, path: "/api" }, (response) => {
        void response.toArray().then((chunks) => resolve(Buffer.concat(chunks as Buffer[]).toString()), reject);
      }).on("error", reject);
      assert.deepEqual(versionsIn(await promise), ["v1"]);
    });
  });

  it("proxies on a port that it chooses", async () => {
    await withProxy(["--port=0"], async (output) => {
      const port = Number(/Starting to serve on 127\.0\.0\.1:(\d+)/.exec(output)?.[1]);
      assert.ok(port > 0);
      assert.deepEqual(versionsIn(await fetchUrl(`http://127.0.0.1:${port}/api`)), ["v1"]);
    });
  });

  it("scales a replication controller down and up", async () => {
    await make(replicationController("scaled", 2));
    await count("scaled", 2);
    for (const replicas of [1, 2]) {
      assert.match(await k(["scale", "rc", "scaled", `--replicas=${replicas}`, "--timeout=1m"]), /scaled/);
      await count("scaled", replicas);
    }
    await k(["delete", "rc", "scaled"]);
  });

  it("reads logs and their last lines, first bytes, times and latest seconds", async () => {
    await make(pod("logs", "i=0; while true; do echo line $i; i=$((i+1)); sleep 0.1; done"));
    await until(async () => (await k(["logs", "logs"]).catch(() => "")).includes("line 20"), soon);
    const last = await k(["logs", "logs", "--tail=1"]);
    assert.match(last, /^line \d+$/);
    assert.ok(Number(last.slice(5)) >= 20);
    assert.equal(await k(["logs", "logs", "--limit-bytes=1"]), "l");
    const [time = "", text] = (await k(["logs", "logs", "--tail=1", "--timestamps"])).split(" ");
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|[+-]\d\d:\d\d)$/);
    assert.equal(text, "line");
    const recent = (await k(["logs", "logs", "--since=1s"])).split("\n");
    const day = (await k(["logs", "logs", "--since=24h"])).split("\n");
    assert.equal(day[0], "line 0");
    assert.ok(recent.length < day.length && recent.length <= 15, `${recent.length} of ${day.length} lines`);
    await k(["delete", "pod", "logs", "--now"]);
  });

  it("creates, applies and explains custom resources by the schema of their definition", async () => {
    await host.kubectl(["create", "-f", "-"], { input: JSON.stringify(fooDefinition()) });
    await host.kubectl(["wait", "crd/foos.statements.example.com", "--for=condition=Established", "--timeout=30s"]);
    const foo = (spec: object): string =>
      JSON.stringify({ apiVersion: "statements.example.com/v1", kind: "Foo", metadata: { name: "test-foo" }, spec });
    const verbs = ["create", "apply"];
    for (const verb of verbs) {
      // The document that kubectl checks with may be a moment behind the definition.
      await until(async () => await k([verb, "-f", "-"], foo({ bars: [{ name: "test-bar" }] })), soon);
      await k(["delete", "foos", "test-foo"]);
      // Older versions of kubectl check by themselves, in words of their own.
      await assert.rejects(k([verb, "-f", "-"], foo({ foo: true })), /unknown field "(spec\.)?foo"/);
      await assert.rejects(
        k([verb, "-f", "-"], foo({ bars: [{ age: "10" }] })),
        /missing required field "name"|spec\.bars\[0\]\.name: Required value/,
      );
    }
    const explained: readonly (readonly [path: string, expected: RegExp])[] = [
      [
        "foos",
        /DESCRIPTION:.*Foo CRD for Testing.*FIELDS:.*apiVersion.*<string>.*APIVersion defines.*spec.*<Object>.*Specification of Foo/s,
      ],
      [
        "foos.metadata",
        /DESCRIPTION:.*Standard object's metadata.*FIELDS:.*creationTimestamp.*<string>.*CreationTimestamp is a timestamp/s,
      ],
      ["foos.spec", /DESCRIPTION:.*Specification of Foo.*FIELDS:.*bars.*<\[\]Object>.*List of Bars and their specs/s],
      [
        "foos.spec.bars",
        /(RESOURCE|FIELD):.*bars.*<\[\]Object>.*DESCRIPTION:.*List of Bars and their specs.*FIELDS:.*bazs.*<\[\]string>.*List of Bazs.*name.*<string>.*Name of Bar/s,
      ],
    ];
    for (const [path, expected] of explained) assert.match(await k(["explain", path]), expected, path);
    await assert.rejects(k(["explain", "foos.spec.bars2"]), /field "bars2" does not exist/);
  });
});
