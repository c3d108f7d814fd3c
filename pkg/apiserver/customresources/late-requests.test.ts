import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "#pkg/async/index.ts";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import { isNotFound } from "#pkg/errors/index.ts";
import { requestInfoOf } from "../request-info.ts";
import { ADMIN, startTestServer, type TestServer } from "../testing.ts";
import type { AdmissionPlugin } from "../types.ts";
import { CRDS, crdOf, establish, getCrd } from "./testing.ts";

const NAME = "crontabs.stable.example.com";
const CRONTABS = "/apis/stable.example.com/v1/namespaces/default/crontabs";
const CRON_TAB = { apiVersion: "stable.example.com/v1", kind: "CronTab", metadata: { name: "late" }, spec: {} };

async function removeCrd({ transport }: TestServer): Promise<void> {
  await transport.request({ method: "DELETE", path: `${CRDS}/${NAME}` });
  await until(async () => (await getCrd(transport, NAME)) === undefined, { timeoutMs: 15_000, intervalMs: 5 });
}

describe("requests that a CRD does not live to see answered", () => {
  it("create nothing that nobody would delete", async (t) => {
    const reached = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const slow: AdmissionPlugin = {
      name: "Slow",
      async validate({ info }) {
        if (info.resource !== "crontabs") return;
        reached.resolve();
        await go.promise;
      },
    };
    const test = await startTestServer(t, { admission: () => [slow] });
    const { transport } = test;
    await establish(transport, crdOf("crontabs", "CronTab"));
    const create = transport.request({ method: "POST", path: CRONTABS, body: CRON_TAB });
    await reached.promise;
    await removeCrd(test);
    await establish(transport, crdOf("crontabs", "CronTab"));
    go.resolve();
    await assert.rejects(create, isNotFound);
    const { items } = (await transport.request({ method: "GET", path: CRONTABS })) as { items: KubeObject[] };
    assert.deepEqual(items, []);
  });

  it("watch nothing: their clients are told to begin again", async (t) => {
    const test = await startTestServer(t);
    await establish(test.transport, crdOf("crontabs", "CronTab"));
    const query = new URLSearchParams({ watch: "true" });
    const reply = await test.server.pipeline.handle({
      info: requestInfoOf("GET", CRONTABS, query),
      method: "GET",
      path: CRONTABS,
      query,
      headers: {},
      user: ADMIN,
      signal: new AbortController().signal,
      body: async () => undefined,
      warn: () => {},
    });
    assert.ok(reply.kind === "watch");
    await removeCrd(test);
    let ended = 0;
    reply.start({ send: () => true, end: () => ended++ });
    assert.equal(ended, 1);
  });
});
