// What users of the JavaScript client do, run on a host of the lab. Ends with exit code 0 when all of it went well.
import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import {
  ApiextensionsV1Api,
  AppsV1Api,
  CoreV1Api,
  CustomObjectsApi,
  Exec,
  KubeConfig,
  KubernetesObjectApi,
  Log,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  type V1ConfigMap,
  type V1Status,
  Watch,
} from "@kubernetes/client-node";
import { until } from "#pkg/async/index.ts";

const [kubeconfig, namespace, pod] = process.argv.slice(2) as [string, string, string];
const config = new KubeConfig();
config.loadFromFile(kubeconfig);
const core = config.makeApiClient(CoreV1Api);
const DEADLINE = { timeoutMs: 20_000, intervalMs: 10 };
const COLLECTION = `/api/v1/namespaces/${namespace}/configmaps`;
const configMap = (name: string, data: Record<string, string>): V1ConfigMap => ({
  metadata: { name, labels: { from: "javascript" } },
  data,
});

async function informer(): Promise<void> {
  const seen: string[] = [];
  const list = (): Promise<{ items: V1ConfigMap[] }> =>
    core.listNamespacedConfigMap({ namespace, labelSelector: "from=javascript" });
  const informed = makeInformer<V1ConfigMap>(config, COLLECTION, list as never, "from=javascript");
  informed.on("add", ({ metadata }) => seen.push(`add ${metadata?.name}`));
  informed.on("update", ({ metadata }) => seen.push(`update ${metadata?.name}`));
  informed.on("delete", ({ metadata }) => seen.push(`delete ${metadata?.name}`));
  await core.createNamespacedConfigMap({ namespace, body: configMap("before", { a: "1" }) });
  await informed.start();
  await core.createNamespacedConfigMap({ namespace, body: configMap("after", { a: "1" }) });
  await until(() => seen.includes("add after"), { ...DEADLINE, what: "add" });
  const read = await core.readNamespacedConfigMap({ namespace, name: "after" });
  read.data = { a: "2" };
  await core.replaceNamespacedConfigMap({ namespace, name: "after", body: read });
  await until(() => seen.includes("update after"), { ...DEADLINE, what: "update" });
  assert.equal(informed.get("after", namespace)?.data?.["a"], "2");
  await core.deleteNamespacedConfigMap({ namespace, name: "after" });
  await until(() => seen.includes("delete after"), { ...DEADLINE, what: "delete" });
  await informed.stop();
  assert.deepEqual(seen, ["add before", "add after", "update after", "delete after"]);
}

async function watch(): Promise<void> {
  const seen: string[] = [];
  const from = (await core.listNamespacedConfigMap({ namespace })).metadata?.resourceVersion;
  const request = await new Watch(config).watch(
    COLLECTION,
    { resourceVersion: from, allowWatchBookmarks: true },
    (type: string, object: V1ConfigMap) => seen.push(`${type} ${object.metadata?.name}`),
    () => undefined,
  );
  await core.createNamespacedConfigMap({ namespace, body: configMap("watched", {}) });
  await core.deleteNamespacedConfigMap({ namespace, name: "watched" });
  await until(() => seen.includes("DELETED watched"), { ...DEADLINE, what: "the watch's events" });
  request.abort();
  assert.deepEqual(seen, ["ADDED watched", "DELETED watched"]);
}

async function patch(): Promise<void> {
  await core.createNamespacedConfigMap({ namespace, body: configMap("patched", { a: "1" }) });
  const at = { namespace, name: "patched" };
  const as = (strategy: string): ReturnType<typeof setHeaderOptions> =>
    setHeaderOptions("Content-Type", strategy) as ReturnType<typeof setHeaderOptions>;
  const json = [{ op: "replace", path: "/data/a", value: "json" }];
  const dataOf = ({ data }: V1ConfigMap): unknown => data;
  assert.deepEqual(dataOf(await core.patchNamespacedConfigMap({ ...at, body: json }, as(PatchStrategy.JsonPatch))), {
    a: "json",
  });
  const merge = { data: { a: null, b: "merge" } };
  assert.deepEqual(dataOf(await core.patchNamespacedConfigMap({ ...at, body: merge }, as(PatchStrategy.MergePatch))), {
    b: "merge",
  });
  const strategic = { data: { c: "strategic" } };
  assert.deepEqual(
    dataOf(await core.patchNamespacedConfigMap({ ...at, body: strategic }, as(PatchStrategy.StrategicMergePatch))),
    { b: "merge", c: "strategic" },
  );
  const applied = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "patched" }, data: { d: "applied" } };
  const asApply = as(PatchStrategy.ServerSideApply);
  const result = await core.patchNamespacedConfigMap({ ...at, body: applied, fieldManager: "javascript" }, asApply);
  assert.deepEqual(dataOf(result), { b: "merge", c: "strategic", d: "applied" });
  assert.ok(result.metadata?.managedFields?.some((each) => each.manager === "javascript"));
  // What another manager owns is not taken without force.
  const taken = { ...applied, data: { b: "mine" } };
  await assert.rejects(
    core.patchNamespacedConfigMap({ ...at, body: taken, fieldManager: "other" }, asApply),
    /conflict/i,
  );
}

async function exec(): Promise<void> {
  const out = new PassThrough();
  const err = new PassThrough();
  let text = "";
  let errors = "";
  out.on("data", (chunk: Buffer) => (text += chunk.toString()));
  err.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const command = ["sh", "-c", "read line; echo out $line; echo err >&2; exit 3"];
  const input = new PassThrough();
  const status = new Promise<V1Status>((resolve, reject) => {
    const done = new Exec(config).exec(namespace, pod, "", command, out, err, input, false, resolve);
    done.catch(reject);
  });
  input.write("hello\n");
  const { status: outcome, details } = await status;
  assert.equal(outcome, "Failure");
  assert.deepEqual(details?.causes, [{ reason: "ExitCode", message: "3" }]);
  await until(() => text !== "" && errors !== "", { ...DEADLINE, what: "what the command wrote" });
  assert.equal(text, "out hello\n");
  assert.equal(errors, "err\n");
}

async function log(): Promise<void> {
  const out = new PassThrough();
  let text = "";
  out.on("data", (chunk: Buffer) => (text += chunk.toString()));
  await new Log(config).log(namespace, pod, "", out, { tailLines: 1 });
  await until(() => text !== "", { ...DEADLINE, what: "the log" });
}

async function customObjects(): Promise<void> {
  const definitions = config.makeApiClient(ApiextensionsV1Api);
  const group = "javascript.example.com";
  await definitions.createCustomResourceDefinition({
    body: {
      metadata: { name: `gadgets.${group}` },
      spec: {
        group,
        scope: "Namespaced",
        names: { plural: "gadgets", kind: "Gadget" },
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: {
                type: "object",
                properties: { spec: { type: "object", properties: { size: { type: "integer", _default: 1 } } } },
              },
            },
          },
        ],
      },
    },
  });
  await until(
    async () => {
      const { status } = await definitions.readCustomResourceDefinition({ name: `gadgets.${group}` });
      return status?.conditions?.some(({ type, status: is }) => type === "Established" && is === "True") === true;
    },
    { ...DEADLINE, what: "Established" },
  );
  const objects = config.makeApiClient(CustomObjectsApi);
  const where = { group, version: "v1", namespace, plural: "gadgets" };
  const body = { apiVersion: `${group}/v1`, kind: "Gadget", metadata: { name: "one" }, spec: {} };
  const made = (await objects.createNamespacedCustomObject({ ...where, body })) as { spec: { size: number } };
  assert.equal(made.spec.size, 1);
  // Finds the resource of a kind by discovery.
  const generic = KubernetesObjectApi.makeApiClient(config);
  const read = await generic.read({ ...body, metadata: { name: "one", namespace } });
  assert.equal(read.metadata?.name, "one");
  await definitions.deleteCustomResourceDefinition({ name: `gadgets.${group}` });
}

async function workloads(): Promise<void> {
  const apps = config.makeApiClient(AppsV1Api);
  const { items } = await apps.listNamespacedDeployment({ namespace });
  const name = items[0]?.metadata?.name as string;
  const scale = await apps.readNamespacedDeploymentScale({ namespace, name });
  assert.equal(scale.spec?.replicas, 1);
  const { items: pods } = await core.listNamespacedPod({ namespace, fieldSelector: "status.phase=Running" });
  assert.ok(pods.some(({ metadata }) => metadata?.name === pod));
}

for (const part of [informer, watch, patch, exec, log, customObjects, workloads]) {
  await part();
  process.stdout.write(`${part.name} ok\n`);
}
process.exit(0);
