// What the conformance suite asks of CustomResourceDefinitions and their objects, by any client.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "#pkg/async/index.ts";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import type { CustomResourceDefinition } from "#pkg/api/types/apiextensions-v1.ts";
import type { PatchType, Transport } from "#pkg/client/types.ts";
import { ApiError } from "#pkg/errors/index.ts";
import { startTestServer } from "../testing.ts";
import { conditionOf, CRDS, crdOf, establish, getCrd, versionOf } from "./testing.ts";

const FOOS = "/apis/stable.example.com/v1/namespaces/default/foos";
const NAME = "foos.stable.example.com";
const MERGE = "application/merge-patch+json";
const soon = { timeoutMs: 15_000, intervalMs: 5 };

type Loose = KubeObject & Record<string, any>; // oxlint-disable-line no-explicit-any -- objects of every kind

const send = async (
  transport: Transport,
  method: "GET" | "POST" | "PUT" | "DELETE",
  path: string,
  body?: object,
  query: Record<string, string> = {},
): Promise<Loose> =>
  (await transport.request({ method, path, query, ...(body === undefined ? {} : { body }) })) as Loose;

const patch = async (
  transport: Transport,
  path: string,
  body: object,
  contentType: PatchType = MERGE,
): Promise<Loose> => (await transport.request({ method: "PATCH", path, contentType, body })) as Loose;

const namesOf = async (transport: Transport, path: string, query: Record<string, string> = {}): Promise<string[]> =>
  ((await send(transport, "GET", path, undefined, query)) as unknown as { items: Loose[] }).items.map(
    (each) => each.metadata.name,
  );

const schemaOf = (properties: object, storage = true) =>
  versionOf("v1", { storage, schema: { openAPIV3Schema: { type: "object", properties } } });

describe("CustomResourceDefinitions", { concurrency: true }, () => {
  it("are listed and deleted by label, and no others with them", async (t) => {
    const { transport } = await startTestServer(t);
    for (let i = 0; i < 4; i++) {
      const crd = crdOf(`foos${i}`, `Foo${i}`) as { metadata: object };
      const labels = i < 3 ? { mine: "yes" } : {};
      await establish(transport, { ...crd, metadata: { ...crd.metadata, labels } });
    }
    const mine = { labelSelector: "mine=yes" };
    assert.equal((await namesOf(transport, CRDS, mine)).length, 3);
    await send(transport, "DELETE", CRDS, undefined, mine);
    await until(async () => (await namesOf(transport, CRDS)).join() === "foos3.stable.example.com", soon);
  });

  it("are seen created, modified and deleted by who watches them", async (t) => {
    const { transport } = await startTestServer(t);
    const seen: string[] = [];
    const stop = new AbortController();
    const watching = (async () => {
      for await (const { type, object } of transport.watch({ method: "GET", path: CRDS, signal: stop.signal }))
        seen.push(`${type} ${object.metadata.name}`);
    })();
    const crd = await establish(transport, crdOf("foos", "Foo"));
    await patch(transport, `${CRDS}/${NAME}`, { metadata: { labels: { a: "b" } } });
    await send(transport, "DELETE", `${CRDS}/${crd.metadata.name}`);
    await until(() => seen.at(-1) === `DELETED ${NAME}`, soon);
    stop.abort();
    await watching;
    assert.equal(seen[0], `ADDED ${NAME}`);
    assert.ok(seen.slice(1, -1).every((each) => each === `MODIFIED ${NAME}`));
  });

  it("have a status that only its own path changes", async (t) => {
    const { transport } = await startTestServer(t);
    const crd = await establish(transport, crdOf("foos", "Foo"));
    const condition = { type: "StatusUpdate", status: "True", reason: "E2E", message: "Set from a test" };
    const status = { ...crd.status, conditions: [...(crd.status?.conditions ?? []), condition] };
    const main = (await send(transport, "PUT", `${CRDS}/${NAME}`, { ...crd, status })) as unknown;
    assert.equal(conditionOf(main as CustomResourceDefinition, "StatusUpdate"), undefined);
    const now = (await getCrd(transport, NAME)) as CustomResourceDefinition;
    await send(transport, "PUT", `${CRDS}/${NAME}/status`, { ...now, status });
    const written = (await send(transport, "GET", `${CRDS}/${NAME}/status`)) as unknown as CustomResourceDefinition;
    assert.equal(conditionOf(written, "StatusUpdate")?.message, "Set from a test");
    const conditions = [...(written.status?.conditions ?? []), { ...condition, type: "StatusPatched" }];
    await patch(transport, `${CRDS}/${NAME}/status`, { status: { conditions } });
    assert.ok(conditionOf((await getCrd(transport, NAME)) as CustomResourceDefinition, "StatusPatched"));
    await send(transport, "POST", FOOS, { metadata: { name: "still-served" } });
  });

  it("give defaults to requests and to what was stored before", async (t) => {
    const { transport } = await startTestServer(t);
    const crd = await establish(
      transport,
      crdOf("foos", "Foo", { versions: [schemaOf({ a: { type: "string" }, b: { type: "string" } })] }),
    );
    await send(transport, "POST", FOOS, { metadata: { name: "old" } });
    const redefine = async (properties: object): Promise<void> => {
      await patch(transport, `${CRDS}/${crd.metadata.name}`, { spec: { versions: [schemaOf(properties)] } });
    };
    await redefine({ a: { type: "string", default: "A" }, b: { type: "string" } });
    assert.equal((await send(transport, "GET", `${FOOS}/old`))["a"], "A");
    assert.equal((await send(transport, "POST", FOOS, { metadata: { name: "new" } }))["a"], "A");
    await redefine({ a: { type: "string" }, b: { type: "string", default: "B" } });
    const { a, b } = await send(transport, "GET", `${FOOS}/new`);
    assert.deepEqual([a, b], ["A", "B"]);
    assert.equal((await send(transport, "GET", `${FOOS}/old`))["a"], undefined);
  });

  it("take every verb and patch but the strategic one", async (t) => {
    const { transport } = await startTestServer(t);
    const subresources = {
      status: {},
      scale: { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" },
    };
    const any = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
    const version = { ...schemaOf({ spec: any, status: any }), subresources };
    await establish(transport, crdOf("foos", "Foo", { versions: [version] }));
    for (const name of ["a", "b", "c"])
      await send(transport, "POST", FOOS, { metadata: { name }, spec: { replicas: 1 }, status: { ignored: true } });
    const at = `${FOOS}/a`;
    assert.equal((await send(transport, "GET", at))["status"], undefined);
    await patch(transport, at, { spec: { x: "merge" } });
    const operations = [{ op: "replace", path: "/spec/x", value: "json" }];
    assert.equal((await patch(transport, at, operations, "application/json-patch+json"))["spec"].x, "json");
    await assert.rejects(
      patch(transport, at, { spec: {} }, "application/strategic-merge-patch+json"),
      (err: unknown) => err instanceof ApiError && err.code === 415 && err.reason === "UnsupportedMediaType",
    );
    await patch(transport, `${at}/status`, { status: { replicas: 1 }, spec: { x: "no" } });
    const scale = await send(transport, "GET", `${at}/scale`);
    assert.deepEqual([scale.kind, scale["spec"].replicas, scale["status"].replicas], ["Scale", 1, 1]);
    await send(transport, "PUT", `${at}/scale`, { ...scale, spec: { replicas: 3 } });
    const now = await send(transport, "GET", at);
    assert.deepEqual(
      [now["spec"], now["status"], now.metadata.generation],
      [{ replicas: 3, x: "json" }, { replicas: 1 }, 4],
    );
    assert.equal((await send(transport, "PUT", at, { ...now, spec: { replicas: 5 } }))["spec"].replicas, 5);
    assert.deepEqual(await namesOf(transport, FOOS, { limit: "2" }), ["a", "b"]);
    assert.equal((await send(transport, "DELETE", at))["status"], "Success");
    await send(transport, "DELETE", FOOS);
    assert.deepEqual(await namesOf(transport, FOOS), []);
  });

  it("let objects be selected by the fields they name, and by no others", async (t) => {
    const { transport } = await startTestServer(t);
    const spec = { type: "object", properties: { color: { type: "string" }, size: { type: "string" } } };
    const version = { ...schemaOf({ spec }), selectableFields: [{ jsonPath: ".spec.color" }] };
    await establish(transport, crdOf("foos", "Foo", { versions: [version] }));
    const seen: string[] = [];
    const stop = new AbortController();
    const query = { fieldSelector: "spec.color=red" };
    const watching = (async () => {
      for await (const { type, object } of transport.watch({ method: "GET", path: FOOS, query, signal: stop.signal }))
        seen.push(`${type} ${object.metadata.name}`);
    })();
    for (const [name, color] of [
      ["a", "red"],
      ["b", "blue"],
      ["c", "red"],
    ])
      await send(transport, "POST", FOOS, { metadata: { name }, spec: { color } });
    assert.deepEqual(await namesOf(transport, FOOS, query), ["a", "c"]);
    await patch(transport, `${FOOS}/a`, { spec: { color: "blue" } });
    await until(() => seen.length === 3, soon);
    assert.deepEqual(seen, ["ADDED a", "ADDED c", "DELETED a"]);
    await assert.rejects(
      namesOf(transport, FOOS, { fieldSelector: "spec.size=x" }),
      (err: unknown) =>
        err instanceof ApiError && err.code === 400 && err.message === "field label not supported: spec.size",
    );
    stop.abort();
    await watching;
  });

  it("end the watches of their objects when the schema changes", async (t) => {
    const { transport } = await startTestServer(t);
    const crd = await establish(transport, crdOf("foos", "Foo", { versions: [schemaOf({ a: { type: "string" } })] }));
    await send(transport, "POST", FOOS, { metadata: { name: "one" } });
    let seen = 0;
    const watching = (async () => {
      for await (const _ of transport.watch({ method: "GET", path: FOOS, signal: AbortSignal.timeout(15_000) })) seen++;
    })();
    await until(() => seen === 1, soon);
    await patch(transport, `${CRDS}/${crd.metadata.name}`, { metadata: { labels: { other: "thing" } } });
    await send(transport, "POST", FOOS, { metadata: { name: "two" } });
    await until(() => seen === 2, soon);
    await patch(transport, `${CRDS}/${crd.metadata.name}`, {
      spec: { versions: [schemaOf({ b: { type: "string" } })] },
    });
    await watching;
  });
});
