// Other people's clients run their own operations: the JavaScript and the Python client, and kubectl of many versions.
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { after, before, describe, it } from "node:test";
import { BUSYBOX_IMAGE, findKubectls, type Host, type Kubectl, type Lab, openLab } from "../lab/index.ts";
import { PYTHON_PROGRAM } from "./python-program.ts";

const KUBECTLS = await findKubectls(["1.27", "1.28", "1.29", "1.30", "1.31", "1.32", "1.33"]);
const EXAMPLES = fileURLToPath(new URL("../../examples/kinds/", import.meta.url));
const PYTHON = "/usr/bin/python3";
const NAMESPACE = "clients";

describe("clients", () => {
  let lab: Lab;
  let host: Host;
  let pod: string;

  before(async () => {
    lab = await openLab();
    host = await lab.addHost({ name: "one" });
    host.startServer();
    await host.ready();
    for (const namespace of [NAMESPACE, ...KUBECTLS.map((_, i) => `kubectl-${i}`)])
      await host.kubectl(["create", "namespace", namespace]);
    await host.kubectl(["apply", "-f", "-"], { input: deployment("steady", "1") });
    await host.kubectl(["-n", NAMESPACE, "rollout", "status", "deployment/steady", "--timeout=60s"]);
    pod = await host.kubectl(["-n", NAMESPACE, "get", "pods", "-o", "jsonpath={.items[0].metadata.name}"]);
  });
  after(async () => {
    await lab.close();
  });

  it("the JavaScript client: informer, watch, every patch, exec, log, custom objects", async () => {
    const program = fileURLToPath(new URL("./javascript-client.ts", import.meta.url));
    const out = await host.exec([process.execPath, program, host.kubeconfig, NAMESPACE, pod], { timeoutMs: 120_000 });
    const parts = ["informer", "watch", "patch", "exec", "log", "customObjects", "workloads"];
    assert.deepEqual(
      out.trim().split("\n"),
      parts.map((part) => `${part} ok`),
    );
  });

  it("the Python client: objects, watch, exec, discovery, scale", async () => {
    const out = await host.exec([PYTHON, "-c", PYTHON_PROGRAM, host.kubeconfig, NAMESPACE, pod], {
      timeoutMs: 120_000,
    });
    const parts = ["objects", "watching", "executing", "by_discovery", "scaling", "from_yaml"];
    assert.deepEqual(
      out.trim().split("\n"),
      parts.map((part) => `${part} ok`),
    );
  });

  for (const [index, kubectl] of KUBECTLS.entries()) withKubectl(kubectl, `kubectl-${index}`);

  function withKubectl({ version, program }: Kubectl, namespace: string): void {
    describe(`kubectl ${version}`, () => {
      const k = async (args: readonly string[], input?: string): Promise<string> =>
        await host.kubectl(["--namespace", namespace, ...args], {
          program,
          timeoutMs: 60_000,
          ...(input === undefined ? {} : { input }),
        });
      // oxlint-disable-next-line no-explicit-any -- whatever kubectl prints
      const json = async (args: readonly string[]): Promise<Record<string, any>> =>
        JSON.parse(await k([...args, "-o", "json"]));

      it("apply, diff, apply --server-side with conflict and force", async () => {
        assert.match(await k(["apply", "-f", "-"], deployment("shop", "1", namespace)), /created/);
        assert.match(await k(["apply", "-f", "-"], deployment("shop", "1", namespace)), /unchanged/);
        // kubectl diff ends with 1 where there is a difference.
        const difference = await k(["diff", "-f", "-"], deployment("shop", "2", namespace)).catch(
          (err: Error & { stdout?: string }) => String(err.stdout),
        );
        assert.match(difference, /^[+] +round: "2"|\+ .*round: "2"/m);
        assert.match(await k(["apply", "-f", "-"], deployment("shop", "2", namespace)), /configured/);
        const applied = await k(["apply", "--server-side", "-f", "-"], configMap(namespace, "one"));
        assert.match(applied, /serverside-applied/);
        await assert.rejects(
          k(["apply", "--server-side", "--field-manager=other", "-f", "-"], configMap(namespace, "two")),
          /conflict/,
        );
        const forced = ["apply", "--server-side", "--field-manager=other", "--force-conflicts", "-f", "-"];
        assert.match(await k(forced, configMap(namespace, "two")), /serverside-applied/);
        assert.equal((await json(["get", "configmap", "settings"]))["data"].mode, "two");
        // A client-side apply that becomes a server-side one.
        assert.match(
          await k(["apply", "--server-side", "-f", "-"], deployment("shop", "3", namespace)),
          /serverside-applied/,
        );
      });

      it("edit, patch of three types, replace", async () => {
        const editor = `sed -i s/"mode: .*"/"mode: edited"/`;
        const edited = await host.exec([
          "env",
          `KUBE_EDITOR=${editor}`,
          program,
          "--kubeconfig",
          host.kubeconfig,
          "-n",
          namespace,
          "edit",
          "configmap",
          "settings",
        ]);
        assert.match(edited, /edited/);
        const patches: readonly (readonly [type: string, patch: string])[] = [
          ["json", '[{"op":"add","path":"/data/json","value":"yes"}]'],
          ["merge", '{"data":{"merge":"yes"}}'],
          ["strategic", '{"data":{"strategic":"yes"}}'],
        ];
        for (const [type, patch] of patches)
          assert.match(await k(["patch", "configmap", "settings", "--type", type, "-p", patch]), /patched/);
        const { data, ...rest } = await json(["get", "configmap", "settings"]);
        assert.deepEqual(data, { json: "yes", merge: "yes", mode: "edited", strategic: "yes" });
        const replaced = { ...rest, data: { mode: "replaced" } };
        assert.match(await k(["replace", "-f", "-"], JSON.stringify(replaced)), /replaced/);
        assert.deepEqual((await json(["get", "configmap", "settings"]))["data"], { mode: "replaced" });
        await assert.rejects(k(["replace", "-f", "-"], JSON.stringify(replaced)), /the object has been modified/);
      });

      it("explain --recursive, api-resources, api-versions", async () => {
        const fields = await k(["explain", "deployment.spec", "--recursive"]);
        assert.match(fields, /maxUnavailable/);
        assert.match(fields, /topologySpreadConstraints/);
        const resources = await k(["api-resources", "-o", "wide"]);
        for (const name of ["deployments", "flowschemas", "customresourcedefinitions", "mutatingadmissionpolicies"])
          assert.match(resources, new RegExp(`^${name} `, "m"));
        assert.match(await k(["api-versions"]), /^flowcontrol.apiserver.k8s.io\/v1$/m);
      });

      it("get -o in every form, --chunk-size, wait, events", async () => {
        await k(["wait", "deployment/shop", "--for=condition=Available", "--timeout=60s"]);
        const forms: readonly (readonly [form: string, expected: RegExp])[] = [
          ["json", /"kind": "Deployment"/],
          ["yaml", /kind: Deployment/],
          ["name", /^deployment.apps\/shop$/m],
          ["wide", /CONTAINERS\s+IMAGES\s+SELECTOR/],
          ["jsonpath={.spec.replicas}", /^1$/],
          ["go-template={{.metadata.name}}", /^shop$/],
          ["custom-columns=N:.metadata.name,R:.spec.replicas", /N +R\nshop +1/],
        ];
        for (const [form, expected] of forms)
          assert.match(await k(["get", "deployment", "shop", "-o", form]), expected);
        assert.match(await k(["get", "deployment"]), /NAME\s+READY\s+UP-TO-DATE\s+AVAILABLE\s+AGE\nshop\s+1\/1/);
        assert.match(await k(["get", "all", "--show-labels"]), /pod\/shop-/);
        const cm = (i: number): string =>
          JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: `page-${i}` } });
        await k(["create", "-f", "-"], Array.from({ length: 7 }, (_, i) => cm(i)).join("\n"));
        const paged = await k(["get", "configmaps", "--chunk-size=2", "-o", "name"]);
        assert.equal(paged.match(/page-/g)?.length, 7);
        const events = await k(["events"]).catch(async () => await k(["get", "events"]));
        assert.match(events, /ScalingReplicaSet/);
        await k(["delete", "deployment", "shop", "--wait=true", "--timeout=60s"]);
      });

      it("create -f, get and delete of every kind in examples/", async () => {
        for (const file of (await readdir(EXAMPLES)).toSorted()) {
          const on = async (args: readonly string[]): Promise<string[]> =>
            (await host.kubectl([...args, "-f", EXAMPLES + file], { program })).trim().split("\n");
          const made = await on(["create"]);
          for (const line of made) assert.match(line, / created$/);
          assert.equal((await on(["get", "-o", "name"])).length, made.length);
          await on(["delete", "--timeout=30s"]);
        }
      });
    });
  }
});

function deployment(name: string, round: string, namespace = NAMESPACE): string {
  return JSON.stringify({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name }, annotations: { round } },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [{ name: "main", image: BUSYBOX_IMAGE, command: ["sh", "-c", "echo started; exec sleep 3600"] }],
        },
      },
    },
  });
}

function configMap(namespace: string, mode: string): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "settings", namespace },
    data: { mode },
  });
}
