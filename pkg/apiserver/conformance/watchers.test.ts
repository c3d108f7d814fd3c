// The statements "Watchers should …".
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { type ConfigMap, configmaps } from "#pkg/api/types/core-v1.ts";
import { until } from "#pkg/async/index.ts";
import type { Client } from "#pkg/client/index.ts";
import { MERGE, NAMESPACE, startCluster } from "./testing.ts";

const soon = { timeoutMs: 15_000, intervalMs: 2 };

interface Seen {
  readonly type: string;
  readonly name: string;
  readonly mutation: string;
  readonly revision: string;
}

/** What a watch tells, as it comes; the watch ends with the test, or by `stop`. */
function watch(t: TestContext, client: Client, options: object): { readonly seen: Seen[]; stop(): Promise<void> } {
  const ends = new AbortController();
  const seen: Seen[] = [];
  const done = (async () => {
    const from = { namespace: NAMESPACE, signal: ends.signal, ...options };
    for await (const { type, object } of client.watch(configmaps, from))
      seen.push({
        type,
        name: object.metadata.name,
        mutation: object.data?.["mutation"] ?? "",
        revision: object.metadata.resourceVersion,
      });
  })().catch(() => {});
  const stop = async (): Promise<void> => {
    ends.abort();
    await done;
  };
  t.after(stop);
  return { seen, stop };
}

interface Writer {
  readonly create: (name: string, labels?: object) => Promise<ConfigMap>;
  readonly mutate: (name: string, mutation: number) => Promise<ConfigMap>;
  readonly label: (name: string, value: string) => Promise<ConfigMap>;
  readonly remove: (name: string) => Promise<unknown>;
}

function writer(client: Client): Writer {
  const at = (name: string) => ({ namespace: NAMESPACE, name });
  return {
    create: (name, labels = {}) => client.create(configmaps, { metadata: { ...at(name), labels } } as never),
    mutate: (name, mutation) => client.patch(configmaps, at(name), MERGE, { data: { mutation: String(mutation) } }),
    label: (name, value) => client.patch(configmaps, at(name), MERGE, { metadata: { labels: { watch: value } } }),
    remove: (name) => client.delete(configmaps, at(name)),
  };
}

const lines = (seen: readonly Seen[]): string[] =>
  seen.map(({ type, name, mutation }) => `${type} ${name} ${mutation}`);

describe("Watchers", { concurrency: true }, () => {
  it("are told of what matches their selector, added, modified and deleted, and of nothing else", async (t) => {
    const { client } = await startCluster(t);
    const { create, mutate, remove } = writer(client);
    const from = (await client.list(configmaps, { namespace: NAMESPACE })).metadata.resourceVersion ?? "";
    const [a, b, both] = ["watch=a", "watch=b", "watch in (a,b)"].map((labelSelector) =>
      watch(t, client, { labelSelector, resourceVersion: from }),
    );
    for (const name of ["a", "b"]) {
      await create(name, { watch: name });
      await mutate(name, 1);
      await mutate(name, 2);
    }
    await create("c", { watch: "c" });
    await remove("a");
    await remove("b");
    const story = (name: string): string[] => [
      `ADDED ${name} `,
      `MODIFIED ${name} 1`,
      `MODIFIED ${name} 2`,
      `DELETED ${name} 2`,
    ];
    await until(() => both?.seen.length === 8 && b?.seen.length === 4 && a?.seen.length === 4, soon);
    assert.deepEqual(lines(a?.seen ?? []), story("a"));
    assert.deepEqual(lines(b?.seen ?? []), story("b"));
    assert.deepEqual(lines(both?.seen ?? []).toSorted(), [...story("a"), ...story("b")].toSorted());
  });

  it("start from a revision and are told only of what came after", async (t) => {
    const { client } = await startCluster(t);
    const { create, mutate, remove } = writer(client);
    await create("a");
    const { metadata } = await mutate("a", 1);
    await mutate("a", 2);
    await remove("a");
    const { seen } = watch(t, client, { resourceVersion: metadata.resourceVersion });
    await until(() => seen.length === 2, soon);
    assert.deepEqual(lines(seen), ["MODIFIED a 2", "DELETED a 2"]);
  });

  it("go on from the last revision that another watch saw", async (t) => {
    const { client } = await startCluster(t);
    const { create, mutate, remove } = writer(client);
    const from = (await client.list(configmaps, { namespace: NAMESPACE })).metadata.resourceVersion ?? "";
    const first = watch(t, client, { resourceVersion: from });
    await create("a");
    await mutate("a", 1);
    await until(() => first.seen.length === 2, soon);
    await first.stop();
    await mutate("a", 2);
    await remove("a");
    const last = first.seen.at(-1)?.revision ?? "";
    const second = watch(t, client, { resourceVersion: last });
    await until(() => second.seen.length === 2, soon);
    assert.deepEqual(lines(second.seen), ["MODIFIED a 2", "DELETED a 2"]);
    assert.ok(second.seen.every(({ revision }) => Number(revision) > Number(last)));
  });

  it("see a deletion when an object leaves their selector, and it added when it is back", async (t) => {
    const { client } = await startCluster(t);
    const { create, mutate, label, remove } = writer(client);
    const from = (await client.list(configmaps, { namespace: NAMESPACE })).metadata.resourceVersion ?? "";
    const { seen } = watch(t, client, { labelSelector: "watch=in", resourceVersion: from });
    await create("a", { watch: "in" });
    await mutate("a", 1);
    await label("a", "out");
    await until(() => seen.length === 3, soon);
    await mutate("a", 2);
    await label("a", "in");
    await mutate("a", 3);
    await remove("a");
    await until(() => seen.length === 6, soon);
    assert.deepEqual(lines(seen), [
      "ADDED a ",
      "MODIFIED a 1",
      "DELETED a 1",
      "ADDED a 2",
      "MODIFIED a 3",
      "DELETED a 3",
    ]);
  });

  it("are told of the same events in the same order when they run at once", async (t) => {
    const { client } = await startCluster(t);
    const { create, mutate, remove } = writer(client);
    const from = (await client.list(configmaps, { namespace: NAMESPACE })).metadata.resourceVersion ?? "";
    const first = watch(t, client, { resourceVersion: from });
    const write = async (i: number): Promise<void> => {
      await create(`c${i}`);
      await mutate(`c${i}`, i);
      if (i % 3 === 0) await remove(`c${i}`);
    };
    const writing = Promise.all(Array.from({ length: 30 }, (_, i) => write(i)));
    const later: { from: number; seen: Seen[] }[] = [];
    for (let i = 0; i < 20; i++) {
      await until(() => first.seen.length > i, soon);
      const resourceVersion = first.seen[i]?.revision ?? "";
      later.push({ from: i + 1, seen: watch(t, client, { resourceVersion }).seen });
    }
    await writing;
    await until(() => first.seen.length === 70, soon);
    for (const each of later) {
      await until(() => each.seen.length === 70 - each.from, soon);
      assert.deepEqual(each.seen, first.seen.slice(each.from));
    }
  });
});
