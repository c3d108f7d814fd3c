// The statements "ResourceQuota should …", with admission and the controller that counts.
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { resourcequotas } from "#pkg/api/types/core-v1.ts";
import { ApiError, isNotFound } from "#pkg/errors/index.ts";
import { type Cluster, type Loose, NAMESPACE, podSpec, startCluster, workloadSpec } from "./testing.ts";

const QUOTAS = `/api/v1/namespaces/${NAMESPACE}/resourcequotas`;
const CORE = `/api/v1/namespaces/${NAMESPACE}`;
const APPS = `/apis/apps/v1/namespaces/${NAMESPACE}`;
const DONGLE = "requests.example.com/dongle";
const start = (t: TestContext): Promise<Cluster> => startCluster(t, ["resourcequota-controller"]);

/** Counts of everything the statements name. */
const HARD = {
  pods: "5",
  services: "10",
  "services.nodeports": "1",
  "services.loadbalancers": "1",
  replicationcontrollers: "10",
  resourcequotas: "1",
  configmaps: "10",
  secrets: "10",
  cpu: "1",
  memory: "500Mi",
  persistentvolumeclaims: "10",
  "requests.storage": "10Gi",
  "requests.ephemeral-storage": "50Gi",
  [DONGLE]: "3",
  "count/replicasets.apps": "5",
};
const ZERO = Object.fromEntries(Object.keys(HARD).map((name) => [name, name === "resourcequotas" ? "1" : "0"]));

interface Quota {
  /** Waits for what is used besides nothing at all. */
  readonly uses: (more: Record<string, string>) => Promise<void>;
}

/** A quota whose status says what it allows and that nothing is used. */
async function quota(cluster: Cluster, name: string, hard: Record<string, string>, scopes?: string[]): Promise<Quota> {
  const { client, eventually } = cluster;
  const at = { namespace: NAMESPACE, name };
  await client.create(resourcequotas, { metadata: at, spec: { hard, ...(scopes && { scopes }) } });
  const uses = async (more: Record<string, string>): Promise<void> => {
    const wanted = Object.fromEntries(Object.keys(hard).map((key) => [key, more[key] ?? ZERO[key] ?? "0"]));
    await eventually(`quota ${name}`, async () => {
      const { status } = await client.get(resourcequotas, at);
      assert.deepEqual(status, { hard, used: wanted });
      return true;
    });
  };
  await uses({});
  return { uses };
}

async function refused(attempt: Promise<unknown>, code: number, message: RegExp): Promise<void> {
  await assert.rejects(attempt, (err: unknown) => {
    assert.ok(err instanceof ApiError);
    assert.equal(err.code, code, err.message);
    assert.match(err.message, message);
    return true;
  });
}

/** The life of an object under the quota of everything. */
async function life(t: TestContext, path: string, body: object, uses: Record<string, string>): Promise<void> {
  const cluster = await start(t);
  const counted = await quota(cluster, "q", HARD);
  await cluster.send("POST", path, { metadata: { name: "counted" }, ...body });
  await counted.uses(uses);
  await cluster.send("DELETE", `${path}/counted`, { propagationPolicy: "Background" });
  await counted.uses({});
}

describe("ResourceQuota", { concurrency: true }, () => {
  it("has a status soon after it is created", async (t) => {
    await quota(await start(t), "q", HARD);
  });

  it("counts a config map as long as it lives", (t) => life(t, `${CORE}/configmaps`, {}, { configmaps: "1" }));

  it("counts a replica set as long as it lives", (t) =>
    life(t, `${APPS}/replicasets`, { spec: workloadSpec("a", 0) }, { "count/replicasets.apps": "1" }));

  it("counts a replication controller as long as it lives", (t) =>
    life(t, `${CORE}/replicationcontrollers`, { spec: workloadSpec("a", 0, false) }, { replicationcontrollers: "1" }));

  it("counts services by their type as long as they live", async (t) => {
    const cluster = await start(t);
    const { send } = cluster;
    const { uses } = await quota(cluster, "q", HARD);
    const make = (name: string, type: string): Promise<Loose> =>
      send("POST", `${CORE}/services`, { metadata: { name }, spec: { type, ports: [{ port: 80 }] } });
    await make("plain", "ClusterIP");
    await uses({ services: "1" });
    await make("node-port", "NodePort");
    await uses({ services: "2", "services.nodeports": "1" });
    await refused(make("one-too-many", "NodePort"), 403, /exceeded quota: q, requested: services.nodeports=1/);
    // A load balancer has node ports too.
    await refused(make("balanced", "LoadBalancer"), 403, /exceeded quota: q, requested: services.nodeports=1/);
    await send("DELETE", `${CORE}/services/plain`);
    await send("DELETE", `${CORE}/services/node-port`);
    await uses({});
    await make("balanced", "LoadBalancer");
    await uses({ services: "1", "services.loadbalancers": "1", "services.nodeports": "1" });
    await send("DELETE", `${CORE}/services/balanced`);
    await uses({});
  });

  it("counts what a pod requests as long as it lives, and refuses what exceeds it", async (t) => {
    const cluster = await start(t);
    const { send, patch } = cluster;
    const { uses } = await quota(cluster, "q", HARD);
    const make = (name: string, requests: Record<string, string>, dongles: string): Promise<Loose> => {
      const resources = {
        requests: { ...requests, "example.com/dongle": dongles },
        limits: { "example.com/dongle": dongles },
      };
      return send("POST", `${CORE}/pods`, { metadata: { name }, spec: podSpec({ resources }) });
    };
    await make("fits", { cpu: "500m", memory: "252Mi", "ephemeral-storage": "30Gi" }, "2");
    const used = {
      pods: "1",
      cpu: "500m",
      memory: "252Mi",
      "requests.ephemeral-storage": "30Gi",
      [DONGLE]: "2",
    };
    await uses(used);
    await refused(
      make("cpu", { cpu: "600m", memory: "100Mi", "ephemeral-storage": "1Gi" }, "1"),
      403,
      /exceeded quota/,
    );
    const dongles = make("dongles", { cpu: "100m", memory: "100Mi", "ephemeral-storage": "1Gi" }, "2");
    await refused(dongles, 403, /requested: requests.example.com\/dongle=2, used: .*=2, limited: .*=3/);
    const resources = { requests: { cpu: "100m", memory: "100Mi" } };
    const change = { spec: { containers: [{ name: "c", resources }] } };
    await refused(patch(`${CORE}/pods/fits`, change, "application/strategic-merge-patch+json"), 422, /spec: Forbidden/);
    await uses(used);
    await send("DELETE", `${CORE}/pods/fits`, { gracePeriodSeconds: 0 });
    await uses({});
  });

  it("is updated and deleted", async (t) => {
    const { client, eventually } = await start(t);
    const at = { namespace: NAMESPACE, name: "q" };
    const made = await client.create(resourcequotas, { metadata: at, spec: { hard: { cpu: "1", memory: "500Mi" } } });
    assert.deepEqual(made.spec?.hard, { cpu: "1", memory: "500Mi" });
    const hard = { cpu: "2", memory: "1Gi" };
    await client.update(resourcequotas, {
      ...made,
      metadata: { ...made.metadata, resourceVersion: "" },
      spec: { hard },
    });
    assert.deepEqual((await client.get(resourcequotas, at)).spec?.hard, hard);
    await eventually("a status", async () => (await client.get(resourcequotas, at)).status?.hard?.["cpu"] === "2");
    await client.delete(resourcequotas, at);
    await assert.rejects(client.get(resourcequotas, at), isNotFound);
  });

  it("is found in all namespaces by label, patched, and deleted with its collection", async (t) => {
    const { send, patch, namesOf } = await start(t);
    const metadata = { name: "q", labels: { e2e: "life" } };
    await send("POST", QUOTAS, { metadata, spec: { hard: { cpu: "1", memory: "500Mi" } } });
    await send("POST", QUOTAS, { metadata: { name: "other" }, spec: { hard: { cpu: "1" } } });
    const labelSelector = "e2e=life";
    assert.deepEqual(await namesOf("/api/v1/resourcequotas", { labelSelector }), ["q"]);
    await patch(`${QUOTAS}/q`, { metadata: { labels: { q: "patched" } }, spec: { hard: { memory: "750Mi" } } });
    const patched = await send("GET", `${QUOTAS}/q`);
    assert.deepEqual(
      [patched.metadata.labels?.["q"], patched["spec"].hard],
      ["patched", { cpu: "1", memory: "750Mi" }],
    );
    await send("DELETE", QUOTAS, undefined, { labelSelector });
    assert.deepEqual(await namesOf("/api/v1/resourcequotas", {}), ["other"]);
  });

  it("has a status that is written by itself, and leaves the spec alone", async (t) => {
    const { send, patch, eventually } = await start(t);
    const hard = { cpu: "500m", memory: "500Mi" };
    const at = `${QUOTAS}/q`;
    await send("POST", QUOTAS, { metadata: { name: "q" }, spec: { hard } });
    const reported = (wanted: object): Promise<boolean> =>
      eventually("the status", async () => {
        assert.deepEqual((await send("GET", at))["status"].hard, wanted);
        return true;
      });
    await reported(hard);
    const now = await send("GET", at);
    const metadata = { ...now.metadata, resourceVersion: "" };
    const updated = await send("PUT", `${at}/status`, { ...now, metadata, spec: {}, status: { hard } });
    assert.deepEqual([updated["status"], updated["spec"].hard], [{ hard }, hard]);
    const larger = { cpu: "1", memory: "1Gi" };
    assert.deepEqual((await patch(at, { spec: { hard: larger } }))["spec"].hard, larger);
    await patch(`${at}/status`, { status: { hard: larger } });
    await reported(larger);
    const read = await send("GET", `${at}/status`);
    assert.deepEqual([read["status"].hard, read["spec"].hard], [larger, larger]);
    // The controller looks at changes of the spec alone, as upstream's: this one stays until it counts again.
    const other = { cpu: "2", memory: "2Gi" };
    const again = await patch(`${at}/status`, { spec: { hard: { cpu: "9" } }, status: { hard: other } });
    assert.deepEqual([again["status"].hard, again["spec"].hard], [other, larger]);
    assert.deepEqual((await send("GET", at))["spec"].hard, larger);
  });

  it("counts pods by the scope BestEffort or NotBestEffort", async (t) => {
    const cluster = await start(t);
    const { send } = cluster;
    const best = await quota(cluster, "best", { pods: "5" }, ["BestEffort"]);
    const not = await quota(cluster, "not", { pods: "5" }, ["NotBestEffort"]);
    const expect = async (b: string, n: string): Promise<void> => {
      await best.uses({ pods: b });
      await not.uses({ pods: n });
    };
    await send("POST", `${CORE}/pods`, { metadata: { name: "best" }, spec: podSpec() });
    await expect("1", "0");
    await send("DELETE", `${CORE}/pods/best`, { gracePeriodSeconds: 0 });
    await expect("0", "0");
    const resources = { requests: { cpu: "500m", memory: "200Mi" }, limits: { cpu: "1", memory: "400Mi" } };
    await send("POST", `${CORE}/pods`, { metadata: { name: "burstable" }, spec: podSpec({ resources }) });
    await expect("0", "1");
    await send("DELETE", `${CORE}/pods/burstable`, { gracePeriodSeconds: 0 });
    await expect("0", "0");
  });

  it("counts pods by the scope Terminating or NotTerminating", async (t) => {
    const cluster = await start(t);
    const { send } = cluster;
    const hard = {
      pods: "5",
      "requests.cpu": "1",
      "requests.memory": "500Mi",
      "limits.cpu": "2",
      "limits.memory": "1Gi",
    };
    const ending = await quota(cluster, "ending", hard, ["Terminating"]);
    const lasting = await quota(cluster, "lasting", hard, ["NotTerminating"]);
    const resources = { requests: { cpu: "500m", memory: "200Mi" }, limits: { cpu: "1", memory: "400Mi" } };
    const used = {
      pods: "1",
      "requests.cpu": "500m",
      "requests.memory": "200Mi",
      "limits.cpu": "1",
      "limits.memory": "400Mi",
    };
    for (const [name, more, counting, other] of [
      ["long", {}, lasting, ending],
      ["short", { activeDeadlineSeconds: 3600 }, ending, lasting],
    ] as const) {
      const spec = { ...podSpec({ resources }), ...more };
      await send("POST", `${CORE}/pods`, { metadata: { name }, spec });
      await counting.uses(used);
      await other.uses({});
      await send("DELETE", `${CORE}/pods/${name}`, { gracePeriodSeconds: 0 });
      await counting.uses({});
    }
  });
});
