import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "#pkg/async/index.ts";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import type { CustomResourceDefinition } from "#pkg/api/types/apiextensions-v1.ts";
import type { Transport } from "#pkg/client/types.ts";
import { ApiError, isNotFound } from "#pkg/errors/index.ts";
import { startTestServer } from "../testing.ts";
import { conditionOf, CRDS, crdOf, establish, getCrd, versionOf } from "./testing.ts";

const BASE = "/apis/stable.example.com/v1";
const CRONTABS = `${BASE}/namespaces/default/crontabs`;

const cronTab = (name: string, more: object = {}): object => ({
  kind: "CronTab",
  apiVersion: "stable.example.com/v1",
  metadata: { name, ...more },
  spec: { cronSpec: "* * * * *" },
});

const post = (transport: Transport, path: string, body: object): Promise<KubeObject> =>
  transport.request({ method: "POST", path, body }) as Promise<KubeObject>;

const failsWith = (code: number, message?: string | RegExp) => (err: unknown) => {
  assert.ok(err instanceof ApiError, String(err));
  assert.equal(err.code, code, err.message);
  if (typeof message === "string") assert.equal(err.message, message);
  else if (message !== undefined) assert.match(err.message, message);
  return true;
};

describe("CustomResources", { concurrency: true }, () => {
  it("serves a kind right after its CRD says Established, and not before", async (t) => {
    const { transport } = await startTestServer(t);
    await assert.rejects(post(transport, CRONTABS, cronTab("a")), failsWith(404));
    const crd = await establish(transport, crdOf("crontabs", "CronTab", { names: { shortNames: ["ct"] } }));
    const created = await post(transport, CRONTABS, cronTab("a"));
    assert.equal(created.apiVersion, "stable.example.com/v1");
    assert.equal(created.metadata.generation, 1);
    assert.deepEqual(
      crd.status?.conditions?.map(({ type, status, reason, message }) => ({ type, status, reason, message })),
      [
        { type: "NamesAccepted", status: "True", reason: "NoConflicts", message: "no conflicts found" },
        {
          type: "Established",
          status: "True",
          reason: "InitialNamesAccepted",
          message: "the initial names have been accepted",
        },
      ],
    );
    assert.deepEqual(crd.status?.acceptedNames, {
      plural: "crontabs",
      singular: "crontab",
      kind: "CronTab",
      listKind: "CronTabList",
      shortNames: ["ct"],
    });
    assert.deepEqual(crd.status?.storedVersions, ["v1"]);
  });

  it("refuses an update without a revision in upstream's words", async (t) => {
    const { transport } = await startTestServer(t);
    await establish(transport, crdOf("crontabs", "CronTab"));
    await post(transport, CRONTABS, cronTab("a"));
    await assert.rejects(
      transport.request({ method: "PUT", path: `${CRONTABS}/a`, body: cronTab("a") }),
      failsWith(
        422,
        'crontabs.stable.example.com "a" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
      ),
    );
  });

  it("shows a watcher of CRDs an established one only when its objects can be created", async (t) => {
    const { transport } = await startTestServer(t);
    const signal = AbortSignal.timeout(15_000);
    const events = transport.watch({ method: "GET", path: CRDS, signal });
    await post(transport, CRDS, crdOf("crontabs", "CronTab"));
    for await (const { object } of events)
      if (conditionOf(object as CustomResourceDefinition, "Established")?.status === "True") break;
    assert.equal((await post(transport, CRONTABS, cronTab("a"))).metadata.name, "a");
  });

  it("serves the objects of before again when the server starts on a store that has them", async (t) => {
    const first = await startTestServer(t);
    await establish(first.transport, crdOf("crontabs", "CronTab"));
    await post(first.transport, CRONTABS, cronTab("a"));
    const { createApiServer } = await import("../api-server.ts");
    const { createLogger } = await import("#pkg/log/index.ts");
    const second = await createApiServer({ store: first.store, log: createLogger("silent") });
    t.after(() => second.close());
    const transport = second.transport({ name: "admin", groups: ["system:masters"] });
    const { items } = (await transport.request({ method: "GET", path: CRONTABS })) as { items: KubeObject[] };
    assert.deepEqual(
      items.map((each) => each.metadata.name),
      ["a"],
    );
  });

  it("refuses names that another CRD of the group has until they are free", async (t) => {
    const { transport } = await startTestServer(t);
    await establish(transport, crdOf("crontabs", "CronTab", { names: { shortNames: ["ct"] } }));
    await post(
      transport,
      CRDS,
      crdOf("others", "CronTab", { names: { singular: "crontab", shortNames: ["ct", "o"] } }),
    );
    const refused = await until(
      async () => {
        const crd = await getCrd(transport, "others.stable.example.com");
        return crd !== undefined && conditionOf(crd, "NamesAccepted") !== undefined && crd;
      },
      { timeoutMs: 15_000, intervalMs: 5 },
    );
    const { status, reason, message } = conditionOf(refused, "NamesAccepted") ?? {};
    assert.deepEqual(
      { status, reason, message },
      { status: "False", reason: "ListKindConflict", message: '"CronTabList" is already in use' },
    );
    assert.equal(conditionOf(refused, "Established")?.reason, "NotAccepted");
    assert.equal(conditionOf(refused, "Established")?.message, "not all names are accepted");
    assert.deepEqual(refused.status?.acceptedNames, { plural: "others", kind: "" });
    await assert.rejects(transport.request({ method: "GET", path: `${BASE}/others` }), failsWith(404));

    await transport.request({ method: "DELETE", path: `${CRDS}/crontabs.stable.example.com` });
    await until(
      async () => {
        const crd = await getCrd(transport, "others.stable.example.com");
        return crd !== undefined && conditionOf(crd, "Established")?.status === "True";
      },
      { timeoutMs: 15_000, intervalMs: 5 },
    );
    await transport.request({ method: "GET", path: `${BASE}/others` });
  });

  it("says whether a group of the community was approved", async (t) => {
    const { transport } = await startTestServer(t);
    const crd = crdOf("things", "Thing", { group: "things.k8s.io" }) as { metadata: object };
    const annotations = { "api-approved.kubernetes.io": "unapproved, experimental-only" };
    const established = await establish(transport, { ...crd, metadata: { ...crd.metadata, annotations } });
    const { status, reason, message } = conditionOf(established, "KubernetesAPIApprovalPolicyConformant") ?? {};
    assert.deepEqual(
      { status, reason, message },
      {
        status: "False",
        reason: "UnapprovedAnnotation",
        message: 'not approved: "unapproved, experimental-only"',
      },
    );
  });

  it("deletes all objects before the CRD goes, and waits for those that are held back", async (t) => {
    const { transport } = await startTestServer(t);
    await establish(transport, crdOf("crontabs", "CronTab"));
    await post(transport, CRONTABS, cronTab("free"));
    await post(transport, CRONTABS, cronTab("held", { finalizers: ["example.com/hold"] }));
    const watched = transport.watch({ method: "GET", path: CRONTABS, signal: AbortSignal.timeout(15_000) });
    const seen: string[] = [];
    const watching = (async () => {
      for await (const { type, object } of watched) seen.push(`${type} ${object.metadata.name}`);
    })();
    await until(() => seen.length === 2, { timeoutMs: 15_000, intervalMs: 5 });
    const deleted = (await transport.request({
      method: "DELETE",
      path: `${CRDS}/crontabs.stable.example.com`,
    })) as CustomResourceDefinition;
    assert.deepEqual(deleted.metadata.finalizers, ["customresourcecleanup.apiextensions.k8s.io"]);
    assert.equal(conditionOf(deleted, "Terminating")?.reason, "InstanceDeletionPending");
    await until(
      async () => {
        const crd = await getCrd(transport, "crontabs.stable.example.com");
        return crd !== undefined && conditionOf(crd, "Terminating")?.reason === "InstanceDeletionInProgress";
      },
      { timeoutMs: 15_000, intervalMs: 5 },
    );
    await assert.rejects(
      post(transport, CRONTABS, cronTab("late")),
      failsWith(405, "create not allowed while custom resource definition is terminating"),
    );
    const { resources } = (await transport.request({ method: "GET", path: BASE })) as {
      resources: { verbs: string[] }[];
    };
    assert.deepEqual(resources[0]?.verbs, ["delete", "deletecollection", "get", "list", "watch"]);
    await until(
      () =>
        transport.request({ method: "GET", path: `${CRONTABS}/free` }).then(
          () => false,
          (err: unknown) => isNotFound(err),
        ),
      { timeoutMs: 15_000, intervalMs: 5 },
    );
    await transport.request({
      method: "PATCH",
      path: `${CRONTABS}/held`,
      contentType: "application/merge-patch+json",
      body: { metadata: { finalizers: null } },
    });
    await until(async () => (await getCrd(transport, "crontabs.stable.example.com")) === undefined, {
      timeoutMs: 5_000,
      intervalMs: 5,
    });
    await assert.rejects(transport.request({ method: "GET", path: CRONTABS }), failsWith(404));
    await watching;
    assert.deepEqual(seen.filter((each) => each.startsWith("DELETED")).toSorted(), ["DELETED free", "DELETED held"]);
    // The same name again begins with nothing.
    await establish(transport, crdOf("crontabs", "CronTab"));
    const { items } = (await transport.request({ method: "GET", path: CRONTABS })) as { items: KubeObject[] };
    assert.deepEqual(items, []);
  });

  it("lets a CRD go at once when it was never established", async (t) => {
    const { transport } = await startTestServer(t);
    await establish(transport, crdOf("crontabs", "CronTab"));
    await post(transport, CRDS, crdOf("others", "CronTab"));
    await transport.request({ method: "DELETE", path: `${CRDS}/others.stable.example.com` });
    await until(async () => (await getCrd(transport, "others.stable.example.com")) === undefined, {
      timeoutMs: 5_000,
      intervalMs: 5,
    });
  });

  it("keeps the stored version of old objects and stores in the new one when the storage version changes", async (t) => {
    const { transport, store } = await startTestServer(t);
    const crd = await establish(
      transport,
      crdOf("crontabs", "CronTab", { versions: [versionOf("v1", { storage: true }), versionOf("v2")] }),
    );
    await post(transport, CRONTABS, cronTab("old"));
    await transport.request({
      method: "PUT",
      path: `${CRDS}/${crd.metadata.name}`,
      body: { ...crd, spec: { ...crd.spec, versions: [versionOf("v1"), versionOf("v2", { storage: true })] } },
    });
    await until(async () => (await getCrd(transport, crd.metadata.name))?.status?.storedVersions?.join() === "v1,v2", {
      timeoutMs: 5_000,
      intervalMs: 5,
    });
    await post(transport, CRONTABS, cronTab("new"));
    const storedVersions = async (): Promise<(string | undefined)[]> =>
      (await store.list("/registry/stable.example.com/crontabs/")).entries.map(
        ({ value }) => (JSON.parse(value.text) as KubeObject).apiVersion,
      );
    assert.deepEqual(await storedVersions(), ["stable.example.com/v2", "stable.example.com/v1"]);
    for (const version of ["v1", "v2"]) {
      const path = `/apis/stable.example.com/${version}/namespaces/default/crontabs`;
      const { items } = (await transport.request({ method: "GET", path })) as { items: KubeObject[] };
      assert.deepEqual(
        items.map((each) => each.apiVersion),
        [`stable.example.com/${version}`, `stable.example.com/${version}`],
      );
    }
    // Writing what is there is how storage is migrated.
    const old = await transport.request({ method: "GET", path: `${CRONTABS}/old` });
    await transport.request({ method: "PUT", path: `${CRONTABS}/old`, body: old });
    assert.deepEqual(await storedVersions(), ["stable.example.com/v2", "stable.example.com/v2"]);
  });
});
