// The statements "CustomResourceFieldSelectors …" and "CustomResourceConversionWebhook should be able to convert a non
// homogeneous list of CRs": two versions that a webhook converts between.
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { KubeObject, ResourceRef } from "#pkg/api/resource-ref.ts";
import type { CustomResourceDefinitionSpec } from "#pkg/api/types/apiextensions-v1.ts";
import { until } from "#pkg/async/index.ts";
import { SharedInformer } from "#pkg/client/index.ts";
import { createLogger } from "#pkg/log/index.ts";
import { CRDS, crdOf, establish, versionOf } from "../customresources/testing.ts";
import { startTestWebhook } from "../webhook/testing.ts";
import { type Cluster, type Loose, startCluster } from "./testing.ts";

const soon = { timeoutMs: 15_000, intervalMs: 5 };
const SHIRTS = (version: string): string => `/apis/stable.example.com/${version}/namespaces/ns/shirts`;
const refOf = (version: string): ResourceRef<KubeObject> => ({
  group: "stable.example.com",
  version,
  kind: "Shirt",
  plural: "shirts",
  namespaced: true,
});

/** v1 says "color-size" in one field, v2 in two. */
function converted(object: Loose, apiVersion: string): object {
  const { look, color, size } = object["spec"] as Record<string, string>;
  const [c = "", s = ""] = (look ?? "").split("-");
  return {
    ...object,
    apiVersion,
    spec: apiVersion.endsWith("/v2") ? { color: c, size: s } : { look: `${color}-${size}` },
  };
}

const strings = (...names: string[]): object => ({
  openAPIV3Schema: {
    type: "object",
    properties: {
      spec: { type: "object", properties: Object.fromEntries(names.map((name) => [name, { type: "string" }])) },
    },
  },
});
const selectable = (...names: string[]): object[] => names.map((name) => ({ jsonPath: `.spec.${name}` }));
const versionsOf = (stored: string): CustomResourceDefinitionSpec["versions"] => [
  versionOf("v1", { storage: stored === "v1", schema: strings("look"), selectableFields: selectable("look") }),
  versionOf("v2", {
    storage: stored === "v2",
    schema: strings("color", "size"),
    selectableFields: selectable("color", "size"),
  }),
];

async function start(t: TestContext): Promise<Cluster> {
  const webhook = await startTestWebhook(t, ({ apiVersion, kind, request }) => ({
    apiVersion,
    kind,
    response: {
      uid: request.uid,
      result: { status: "Success" },
      convertedObjects: request.objects.map((each: Loose) => converted(each, request.desiredAPIVersion)),
    },
  }));
  const cluster = await startCluster(t);
  const conversion = {
    strategy: "Webhook",
    webhook: { clientConfig: webhook.clientConfig("/convert"), conversionReviewVersions: ["v1"] },
  } as const;
  await establish(cluster.test.transport, crdOf("shirts", "Shirt", { versions: versionsOf("v1"), conversion }));
  return cluster;
}

describe("custom resources of two versions", { concurrency: true }, () => {
  it("are listed in one, though some are stored in the other", async (t) => {
    const { send, patch } = await start(t);
    await send("POST", SHIRTS("v1"), { metadata: { name: "old" }, spec: { look: "red-S" } });
    await patch(`${CRDS}/shirts.stable.example.com`, { spec: { versions: versionsOf("v2") } });
    await send("POST", SHIRTS("v2"), { metadata: { name: "new" }, spec: { color: "blue", size: "M" } });
    const list = await send("GET", SHIRTS("v2"));
    assert.deepEqual(
      (list["items"] as Loose[]).map((each) => [each["apiVersion"], each.metadata.name, each["spec"]]),
      [
        ["stable.example.com/v2", "new", { color: "blue", size: "M" }],
        ["stable.example.com/v2", "old", { color: "red", size: "S" }],
      ],
    );
    const { status } = await send("GET", `${CRDS}/shirts.stable.example.com`);
    assert.deepEqual(status.storedVersions, ["v1", "v2"]);
  });

  it("are listed, watched and kept by informers as each version's field selectors say", async (t) => {
    const { send, patch, namesOf, client, test } = await start(t);
    const stop = new AbortController();
    const running: Promise<void>[] = [];
    t.after(async () => {
      stop.abort();
      await Promise.allSettled(running);
    });
    const CASES = [
      ["v1", "spec.look=blue-S"],
      ["v2", "spec.color=blue"],
      ["v2", "spec.color=blue,spec.size=S"],
    ] as const;
    const follow = ([version, fieldSelector]: (typeof CASES)[number]) => {
      const seen: string[] = [];
      const query = { fieldSelector };
      const request = { method: "GET", path: SHIRTS(version), query, signal: stop.signal } as const;
      running.push(
        (async () => {
          for await (const { type, object } of test.transport.watch(request)) {
            assert.equal((object as Loose)["apiVersion"], `stable.example.com/${version}`);
            seen.push(`${type} ${object.metadata.name}`);
          }
        })(),
      );
      const selection = { namespace: "ns", fieldSelector };
      const log = createLogger("silent");
      const informer = new SharedInformer({ client, resource: refOf(version), selection, log });
      running.push(informer.start(stop.signal));
      const kept = (): string[] =>
        informer.lister
          .list("ns")
          .map((each) => each.metadata.name)
          .toSorted();
      return { version, query, seen, kept, synced: informer.synced(stop.signal) };
    };
    const views = CASES.map(follow);
    await Promise.all(views.map(({ synced }) => synced));
    for (const [name, color, size] of [
      ["a", "blue", "S"],
      ["b", "blue", "M"],
      ["c", "green", "M"],
    ] as const) {
      await send("POST", SHIRTS("v2"), { metadata: { name }, spec: { color, size } });
    }
    await send("POST", SHIRTS("v1"), { metadata: { name: "d" }, spec: { look: "blue-S" } });
    const expect = async (...wanted: string[][]): Promise<void> => {
      for (const [i, { version, query, kept }] of views.entries()) {
        assert.deepEqual(await namesOf(SHIRTS(version), query), wanted[i], `${version} ${query.fieldSelector}`);
        await until(() => kept().join() === wanted[i]?.join(), {
          ...soon,
          what: `an informer of ${wanted[i]?.join()}`,
        });
      }
    };
    await expect(["a", "d"], ["a", "b", "d"], ["a", "d"]);
    assert.deepEqual(await namesOf(SHIRTS("v2"), { fieldSelector: "spec.color!=blue" }), ["c"]);
    await assert.rejects(namesOf(SHIRTS("v1"), { fieldSelector: "spec.color=blue" }), {
      code: 400,
      message: "field label not supported: spec.color",
    });

    await send("DELETE", `${SHIRTS("v1")}/d`);
    await patch(`${SHIRTS("v2")}/a`, { spec: { size: "M" } });
    await patch(`${SHIRTS("v1")}/c`, { spec: { look: "blue-S" } });
    await expect(["c"], ["a", "b", "c"], ["c"]);
    const story = ["ADDED a", "ADDED d", "DELETED d", "DELETED a", "ADDED c"];
    const colors = ["ADDED a", "ADDED b", "ADDED d", "DELETED d", "MODIFIED a", "ADDED c"];
    await until(() => views.every(({ seen }) => seen.at(-1) === "ADDED c"), soon);
    assert.deepEqual(
      views.map(({ seen }) => seen),
      [story, colors, story],
    );
    await send("DELETE", SHIRTS("v2"), undefined, { fieldSelector: "spec.color=blue,spec.size=M" });
    await expect(["c"], ["c"], ["c"]);
  });
});
