import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configmaps } from "#pkg/api/types/core-v1.ts";
import { until } from "#pkg/async/index.ts";
import { type Client, createClient } from "#pkg/client/index.ts";
import { ApiError } from "#pkg/errors/index.ts";
import { createLogger } from "#pkg/log/index.ts";
import { type ApiServer, createApiServer } from "../api-server.ts";
import { requestInfoOf } from "../request-info.ts";
import { ADMIN, startTestServer, type TestServer } from "../testing.ts";

const MERGE = "application/merge-patch+json";
const soon = { timeoutMs: 15_000, intervalMs: 2 };

interface Watching {
  readonly seen: string[];
  readonly stop: () => Promise<void>;
}

/** "TYPE name@resourceVersion" of each event. */
function watchFrom(client: Client, resourceVersion: string, options: object = {}): Watching {
  const controller = new AbortController();
  const seen: string[] = [];
  const done = (async () => {
    const watch = client.watch(configmaps, { resourceVersion, signal: controller.signal, ...options });
    for await (const { type, object } of watch)
      seen.push(`${type} ${object.metadata.name}@${object.metadata.resourceVersion}`);
  })();
  const stop = async (): Promise<void> => {
    controller.abort();
    await done.catch(() => {});
  };
  return { seen, stop };
}

/** A new server on the test's store: its memory knows nothing of what was before. */
async function restart(t: { after(end: () => Promise<void>): void }, test: TestServer): Promise<ApiServer> {
  await test.server.close();
  const server = await createApiServer({ store: test.store, log: createLogger("silent") });
  t.after(() => server.close());
  return server;
}

describe("watch", { concurrency: true }, () => {
  it("resumes from the store's history after a restart, with what selectors make of each change", async (t) => {
    const test = await startTestServer(t);
    const before = createClient(test.transport);
    const at = { namespace: "a", name: "w" };
    const start = await before.create(configmaps, { metadata: at });
    const label = async (value: string | null) =>
      (await before.patch(configmaps, at, MERGE, { metadata: { labels: { in: value } } })).metadata.resourceVersion;
    const one = await label("yes");
    const two = (await before.patch(configmaps, at, MERGE, { data: { a: "b" } })).metadata.resourceVersion;
    await before.create(configmaps, { metadata: { namespace: "b", name: "elsewhere", labels: { in: "yes" } } });
    const three = await label(null);
    const four = await label("yes");
    await before.delete(configmaps, at);

    const client = createClient((await restart(t, test)).transport(ADMIN));
    const from = start.metadata.resourceVersion;
    const selected = watchFrom(client, from, { namespace: "a", labelSelector: "in=yes" });
    const all = watchFrom(client, from);
    await until(() => all.seen.length === 6 && selected.seen.length === 5, soon);
    const gone = String(Number(four) + 1);
    assert.deepEqual(selected.seen, [
      `ADDED w@${one}`,
      `MODIFIED w@${two}`,
      `DELETED w@${three}`,
      `ADDED w@${four}`,
      `DELETED w@${gone}`,
    ]);
    assert.deepEqual(
      all.seen.map((line) => line.split("@")[0]),
      ["MODIFIED w", "MODIFIED w", "ADDED elsewhere", "MODIFIED w", "MODIFIED w", "DELETED w"],
    );
    const late = await client.create(configmaps, { metadata: { namespace: "a", name: "late", labels: { in: "yes" } } });
    await until(() => selected.seen.length === 6, soon);
    assert.equal(selected.seen[5], `ADDED late@${late.metadata.resourceVersion}`);
    await selected.stop();
    await all.stop();
  });

  it("misses and repeats nothing where history ends and memory begins, under load", async (t) => {
    const test = await startTestServer(t);
    const before = createClient(test.transport);
    const create = (client: Client, i: number) =>
      client.create(configmaps, { metadata: { namespace: "load", name: `n-${i}` } });
    const revisions: string[] = [];
    const write = async (client: Client, from: number, to: number): Promise<void> => {
      for (let i = from; i < to; i += 20) {
        const made = await Promise.all(Array.from({ length: 20 }, (_, k) => create(client, i + k)));
        revisions.push(...made.map((object) => object.metadata.resourceVersion));
      }
    };
    const first = await create(before, 500);
    const start = Number(first.metadata.resourceVersion);
    await write(before, 0, 300);
    const client = createClient((await restart(t, test)).transport(ADMIN));
    const watches: Watching[] = [];
    const writing = write(client, 300, 500);
    for (let i = 0; i < 5; i++) {
      watches.push(watchFrom(client, String(start + i)));
      await until(() => revisions.length >= 300 + i * 40, { ...soon, intervalMs: 1 });
    }
    await writing;
    revisions.sort((a, b) => Number(a) - Number(b));
    for (const [i, watch] of watches.entries()) {
      const { seen } = watch;
      await until(() => seen.length >= 500 - i, soon);
      assert.deepEqual(
        seen.map((line) => line.split("@")[1]),
        revisions.slice(i),
      );
      await watch.stop();
    }
  });

  it("answers 410 Expired when history was compacted", async (t) => {
    const test = await startTestServer(t);
    const before = createClient(test.transport);
    for (const name of ["a", "b", "c"]) await before.create(configmaps, { metadata: { namespace: "x", name } });
    await test.store.compact(2);
    const client = createClient((await restart(t, test)).transport(ADMIN));
    await assert.rejects(
      async () => {
        for await (const _ of client.watch(configmaps, { resourceVersion: "1" }));
      },
      (err) => err instanceof ApiError && err.code === 410 && err.message === "too old resource version: 1 (2)",
    );
    const fresh = watchFrom(client, "2");
    await until(() => fresh.seen.length === 1, soon);
    assert.deepEqual(fresh.seen, ["ADDED c@3"]);
    await fresh.stop();
  });

  it("marks the end of the initial events, and sends a bookmark before its time is over", async (t) => {
    const { transport } = await startTestServer(t, { waits: { lastBookmarkMs: 900 } });
    const client = createClient(transport);
    await client.create(configmaps, { metadata: { namespace: "a", name: "one" } });
    const events: [string, object | undefined][] = [];
    const query = {
      sendInitialEvents: true,
      resourceVersionMatch: "NotOlderThan",
      allowWatchBookmarks: true,
      timeoutSeconds: 1,
    };
    for await (const { type, object } of transport.watch({ method: "GET", path: "/api/v1/configmaps", query })) {
      events.push([type, object.metadata.annotations]);
      if (events.length === 3) break;
    }
    assert.deepEqual(events, [
      ["ADDED", undefined],
      ["BOOKMARK", { "k8s.io/initial-events-end": "true" }],
      ["BOOKMARK", undefined],
    ]);
  });

  it("watches one object by field selector and by the old path prefix", async (t) => {
    const { transport } = await startTestServer(t);
    const client = createClient(transport);
    for (const name of ["one", "two"]) await client.create(configmaps, { metadata: { namespace: "a", name } });
    const at = "/api/v1/namespaces/a/configmaps";
    const signal = AbortSignal.timeout(15_000);
    const watches = [
      { path: at, query: { fieldSelector: "metadata.name=one" } },
      { path: "/api/v1/watch/namespaces/a/configmaps/one", query: {} },
    ].map(({ path, query }) => transport.watch({ method: "GET", path, query, signal })[Symbol.asyncIterator]());
    for (const watch of watches) assert.equal((await watch.next()).value.object.metadata.name, "one");
    const next = watches.map((watch) => watch.next());
    for (const name of ["two", "one"])
      await client.patch(configmaps, { namespace: "a", name }, MERGE, { data: { a: "b" } });
    for (const event of await Promise.all(next)) {
      assert.equal(event.value.type, "MODIFIED");
      assert.equal(event.value.object.metadata.name, "one");
    }
    for (const watch of watches) await watch.return?.(undefined);
    const mismatch = transport.watch({
      method: "GET",
      path: "/api/v1/watch/namespaces/a/configmaps/one",
      query: { fieldSelector: "metadata.name=two" },
    });
    await assert.rejects(
      mismatch[Symbol.asyncIterator]().next(),
      (err: unknown) =>
        err instanceof ApiError && err.message === "fieldSelector metadata.name doesn't match requested name",
    );
  });

  it("begins with what comes after a revision that is not there yet", async (t) => {
    const test = await startTestServer(t);
    const client = createClient(test.transport);
    const watching = watchFrom(client, String(test.store.revision + 2));
    for (const name of ["one", "two", "three"]) await client.create(configmaps, { metadata: { namespace: "a", name } });
    await until(() => watching.seen.length > 0, soon);
    assert.match(watching.seen[0] ?? "", /^ADDED three@/);
    await watching.stop();
  });

  it("refuses options that do not go together in upstream's words", async (t) => {
    const { transport } = await startTestServer(t);
    const cases: [Record<string, string>, string][] = [
      [
        { sendInitialEvents: "true" },
        "resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
      ],
      [
        { resourceVersionMatch: "NotOlderThan" },
        "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
      ],
    ];
    for (const [query, why] of cases) {
      const watch = transport.watch({ method: "GET", path: "/api/v1/configmaps", query })[Symbol.asyncIterator]();
      await assert.rejects(watch.next(), (err: unknown) => {
        assert.ok(err instanceof ApiError);
        assert.equal(`${err.code} ${err.message}`, `422 ListOptions.meta.k8s.io "" is invalid: ${why}`);
        return true;
      });
    }
  });

  it("shows each of several watches what its selector makes of every change", async (t) => {
    const { transport } = await startTestServer(t);
    const client = createClient(transport);
    const from = { resourceVersion: "0" };
    const seenBy = async (labelSelector: string) => {
      const seen: string[] = [];
      const stop = new AbortController();
      const done = (async () => {
        for await (const { type, object } of client.watch(configmaps, { ...from, labelSelector, signal: stop.signal }))
          seen.push(`${type} ${object.metadata.name} ${object.data?.["n"] ?? ""}`);
      })();
      return { seen, stop: async () => (stop.abort(), await done) };
    };
    const watches = [await seenBy("for=a"), await seenBy("for=b"), await seenBy("for in (a,b)")];
    for (const name of ["a", "b"]) {
      const at = { namespace: "x", name };
      await client.create(configmaps, { metadata: { ...at, labels: { for: name } } });
      await client.patch(configmaps, at, MERGE, { data: { n: "1" } });
    }
    await client.patch(configmaps, { namespace: "x", name: "a" }, MERGE, { metadata: { labels: { for: "c" } } });
    await client.patch(configmaps, { namespace: "x", name: "a" }, MERGE, { data: { n: "2" } });
    await client.patch(configmaps, { namespace: "x", name: "a" }, MERGE, { metadata: { labels: { for: "a" } } });
    for (const name of ["a", "b"]) await client.delete(configmaps, { namespace: "x", name });
    await until(() => watches[2]?.seen.length === 8, soon);
    const [a, b, both] = watches.map((each) => each.seen);
    assert.deepEqual(a, ["ADDED a ", "MODIFIED a 1", "DELETED a 1", "ADDED a 2", "DELETED a 2"]);
    assert.deepEqual(b, ["ADDED b ", "MODIFIED b 1", "DELETED b 1"]);
    assert.deepEqual(both?.toSorted(), [...(a ?? []), ...(b ?? [])].toSorted());
    for (const watch of watches) await watch.stop();
  });

  it("ends where its own events cannot be delivered, and takes nothing from others", async (t) => {
    const { server, transport } = await startTestServer(t);
    const client = createClient(transport);
    const path = "/api/v1/configmaps";
    const query = new URLSearchParams({ watch: "true" });
    const reply = await server.pipeline.handle({
      info: requestInfoOf("GET", path, query),
      method: "GET",
      path,
      query,
      headers: {},
      user: ADMIN,
      signal: new AbortController().signal,
      body: async () => undefined,
      warn: () => {},
    });
    assert.ok(reply.kind === "watch");
    let ended = 0;
    const send = (): boolean => {
      throw new Error("broken");
    };
    reply.start({ send, end: () => ended++ });
    const other = watchFrom(client, "0");
    await client.create(configmaps, { metadata: { namespace: "x", name: "a" } });
    await until(() => other.seen.length === 1, soon);
    assert.equal(ended, 1);
    await other.stop();
  });
});
