import assert from "node:assert/strict";
import { once } from "node:events";
import type { ClientHttp2Session } from "node:http2";
import { after, before, describe, it } from "node:test";
import { configmaps } from "#pkg/api/types/core-v1.ts";
import { flowschemas, prioritylevelconfigurations } from "#pkg/api/types/flowcontrol-v1.ts";
import { until } from "#pkg/async/index.ts";
import { type Client, createClient } from "#pkg/client/index.ts";
import { isNotFound } from "#pkg/errors/index.ts";
import { type Answer, call, listenForTest, type TestListener } from "../http/testing.ts";
import { startTestServer, type TestServer } from "../testing.ts";
import { ensureFlowObjects } from "./ensure-flow-objects.ts";

const AUTOUPDATE = "apf.kubernetes.io/autoupdate-spec";
const WAIT = { timeoutMs: 15_000, intervalMs: 2 };
const CONFIG_MAPS = "/api/v1/namespaces/big/configmaps";

describe("FlowController", () => {
  let test: TestServer;
  let client: Client;
  let at: TestListener;
  before(async () => {
    // Few seats, so that a test fills them: catch-all gets 1, the tests' own level most of the rest.
    test = await startTestServer(undefined, { maxRequestsInflight: 12, maxMutatingRequestsInflight: 8 });
    client = createClient(test.transport);
    await ensureFlowObjects(client);
    at = await listenForTest(test);
    const reader = { metadata: { name: "readers" }, rules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }] };
    const roles = "/apis/rbac.authorization.k8s.io/v1";
    await test.transport.request({ method: "POST", path: `${roles}/clusterroles`, body: reader });
    await test.transport.request({
      method: "POST",
      path: `${roles}/clusterrolebindings`,
      body: {
        metadata: { name: "readers" },
        subjects: [{ kind: "Group", name: "system:authenticated", apiGroup: "rbac.authorization.k8s.io" }],
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "readers" },
      },
    });
    const data = { text: "x".repeat(2000) };
    await Promise.all(
      Array.from({ length: 300 }, (_, i) =>
        client.create(configmaps, { metadata: { namespace: "big", name: `c${i}` }, data }),
      ),
    );
  });
  after(() => test.close());

  async function session(commonName: string, organizations: readonly string[] = []): Promise<ClientHttp2Session> {
    const made = await at.session(commonName, organizations);
    await once(made, "connect");
    return made;
  }
  it("refuses what is beyond a hot client's queues and goes on with others", async () => {
    await client.create(prioritylevelconfigurations, {
      metadata: { name: "tight" },
      spec: {
        type: "Limited",
        limited: {
          nominalConcurrencyShares: 30,
          borrowingLimitPercent: 0,
          limitResponse: { type: "Queue", queuing: { queues: 16, handSize: 2, queueLengthLimit: 20 } },
        },
      },
    });
    await client.create(flowschemas, {
      metadata: { name: "tight" },
      spec: {
        priorityLevelConfiguration: { name: "tight" },
        matchingPrecedence: 50,
        distinguisherMethod: { type: "ByUser" },
        rules: [
          {
            subjects: [{ kind: "Group", group: { name: "tight" } }],
            resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"], namespaces: ["*"] }],
          },
        ],
      },
    });
    const [hot, calm] = await Promise.all([session("hot", ["tight"]), session("calm", ["tight"])]);
    let listed = 0;
    const lists = Array.from({ length: 150 }, async () => {
      const answer = await call(hot, CONFIG_MAPS);
      if (answer.status === 200) listed++;
      return answer;
    });
    /** How many lists were answered while one request of the other waited. */
    const waits: number[] = [];
    let busy = true;
    const done = Promise.all(lists).finally(() => (busy = false));
    while (busy) {
      const before = listed;
      const { status } = await call(calm, `${CONFIG_MAPS}/c1`);
      assert.equal(status, 200);
      waits.push(listed - before);
    }
    const answers = await done;
    const refused = answers.filter(({ status }) => status === 429);
    const served = answers.filter(({ status }) => status === 200);
    assert.equal(refused.length + served.length, 150);
    // 40 wait in its two queues; the seats are few.
    assert.ok(served.length >= 40 && served.length <= 60, `served ${served.length}`);
    assert.ok(waits.length > 5, `calm was answered ${waits.length} times`);
    assert.ok(Math.max(...waits) < 20, `calm waited for ${Math.max(...waits)} lists`);
    const [first] = refused as [Answer];
    assert.equal(first.headers["retry-after"], "1");
    const { message, reason, details, code } = JSON.parse(first.text);
    assert.deepEqual(
      { message, reason, details, code },
      {
        message: "Too many requests, please try again later.",
        reason: "TooManyRequests",
        details: { retryAfterSeconds: 1 },
        code: 429,
      },
    );
    const schema = await client.get(flowschemas, { name: "tight" });
    const level = await client.get(prioritylevelconfigurations, { name: "tight" });
    for (const { headers } of [first, served[0] as Answer]) {
      assert.equal(headers["x-kubernetes-pf-flowschema-uid"], schema.metadata.uid);
      assert.equal(headers["x-kubernetes-pf-prioritylevel-uid"], level.metadata.uid);
    }
    const admin = await session("root", ["system:masters"]);
    const labels = 'flow_schema="tight",priority_level="tight"';
    const { text } = await call(admin, "/metrics");
    const line = (name: string): string => `apiserver_flowcontrol_${name}`;
    assert.ok(text.includes(`${line("rejected_requests_total")}{${labels},reason="queue-full"} ${refused.length}\n`));
    assert.ok(text.includes(`${line("current_executing_requests")}{${labels}} 0\n`));
    assert.ok(text.includes(`${line("current_inqueue_requests")}{${labels}} 0\n`));
    const dump = await call(admin, "/debug/api_priority_and_fairness/dump_priority_levels");
    assert.match(dump.text, /^PriorityLevelName, +ActiveQueues, +IsIdle,/);
    assert.match(dump.text, /^tight, +0, +true, +false, +0, +0, +\d+, +\d+, +0, +0$/m);
    for (const page of ["dump_queues", "dump_requests?includeRequestDetails=1"])
      assert.equal((await call(admin, `/debug/api_priority_and_fairness/${page}`)).status, 200);
  });

  it("tells a request's schema by user, group, account and request", async () => {
    const name = async (who: ClientHttp2Session, path: string): Promise<string | undefined> => {
      const { headers } = await call(who, path);
      const uid = headers["x-kubernetes-pf-flowschema-uid"];
      return (await client.list(flowschemas)).items.find(({ metadata }) => metadata.uid === uid)?.metadata.name;
    };
    const [somebody, node, root, scheduler] = await Promise.all([
      session("somebody"),
      session("system:node:n", ["system:nodes"]),
      session("root", ["system:masters"]),
      session("system:kube-scheduler"),
    ]);
    assert.equal(await name(somebody, `${CONFIG_MAPS}/c1`), "global-default");
    assert.equal(await name(somebody, "/healthz"), "probes");
    assert.equal(await name(node, "/api/v1/nodes"), "system-node-high");
    assert.equal(await name(node, "/api/v1/pods"), "system-nodes");
    assert.equal(await name(root, "/api/v1/pods"), "exempt");
    assert.equal(await name(scheduler, "/apis/coordination.k8s.io/v1/namespaces/a/leases/x"), "system-leader-election");
    assert.equal(await name(scheduler, "/api/v1/pods"), "kube-scheduler");
  });

  it("says in a schema's status whether its level is missing", async () => {
    const dangling = async (): Promise<string | undefined> =>
      (await client.get(flowschemas, { name: "lost" })).status?.conditions?.find(({ type }) => type === "Dangling")
        ?.status;
    const priorityLevelConfiguration = { name: "later" };
    await client.create(flowschemas, { metadata: { name: "lost" }, spec: { priorityLevelConfiguration } });
    await until(async () => (await dangling()) === "True", WAIT);
    const limited = { limitResponse: { type: "Reject" } };
    await client.create(prioritylevelconfigurations, {
      metadata: { name: "later" },
      spec: { type: "Limited", limited },
    });
    await until(async () => (await dangling()) === "False", WAIT);
    await client.delete(prioritylevelconfigurations, { name: "later" });
    await until(async () => (await dangling()) === "True", WAIT);
    await client.delete(flowschemas, { name: "lost" });
  });
});

describe("ensureFlowObjects", () => {
  it("keeps what nobody took over as it is in this version", async (t) => {
    const client = createClient((await startTestServer(t)).transport);
    await ensureFlowObjects(client);
    assert.equal((await client.list(flowschemas)).items.length, 13);
    assert.equal((await client.list(prioritylevelconfigurations)).items.length, 8);
    const change = async (name: string, shares: number, annotation?: string): Promise<void> => {
      const { spec, metadata, ...rest } = await client.get(prioritylevelconfigurations, { name });
      const annotations = annotation === undefined ? metadata.annotations : { [AUTOUPDATE]: annotation };
      const limited = { ...spec.limited, nominalConcurrencyShares: shares };
      await client.update(prioritylevelconfigurations, {
        ...rest,
        metadata: { ...metadata, ...(annotations === undefined ? {} : { annotations }) },
        spec: { ...spec, limited },
      });
    };
    await change("workload-low", 7);
    await change("workload-high", 7, "false");
    await client.delete(flowschemas, { name: "catch-all" });
    const old = { metadata: { name: "of-an-old-version", annotations: { [AUTOUPDATE]: "true" } } };
    await client.create(flowschemas, { ...old, spec: { priorityLevelConfiguration: { name: "system" } } });
    await ensureFlowObjects(client);
    const shares = async (name: string): Promise<number | undefined> =>
      (await client.get(prioritylevelconfigurations, { name })).spec.limited?.nominalConcurrencyShares;
    assert.equal(await shares("workload-low"), 100);
    assert.equal(await shares("workload-high"), 7);
    const catchAll = await client.get(flowschemas, { name: "catch-all" });
    assert.equal(catchAll.metadata.annotations?.[AUTOUPDATE], "true");
    await assert.rejects(client.get(flowschemas, { name: "of-an-old-version" }), isNotFound);
  });
});
