import assert from "node:assert/strict";
import { it } from "node:test";
import { until } from "#pkg/async/index.ts";
import { crdOf, establish, versionOf } from "../../customresources/testing.ts";
import { startTestServer } from "../../testing.ts";
import { Follower, keyOf } from "./follower.ts";
import { KINDS, type Kind, type Obj, type Sent, write } from "./racing-writers.ts";
import { replay } from "./replay.ts";

const WRITERS = 8;
const SCHEMA = {
  type: "object",
  properties: {
    spec: {
      type: "object",
      properties: {
        count: { type: "integer" },
        items: {
          type: "array",
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["name"],
          items: {
            type: "object",
            required: ["name"],
            properties: { name: { type: "string" }, value: { type: "integer" } },
          },
        },
        tags: { type: "array", "x-kubernetes-list-type": "set", items: { type: "string" } },
      },
    },
    status: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
  },
};

it("writers that race lose nothing, and all who watch see the same", async (t) => {
  const { transport } = await startTestServer(t);
  for (const name of ["n0", "n1"])
    await transport.request({ method: "POST", path: "/api/v1/namespaces", body: { metadata: { name } } });
  const versions = [
    versionOf("v1", { storage: true, schema: { openAPIV3Schema: SCHEMA }, subresources: { status: {} } }),
  ];
  await establish(transport, crdOf("widgets", "Widget", { versions }));
  const stop = new AbortController();
  const { signal } = stop;
  const followers = KINDS.map(({ all, path }) => ({
    whole: new Follower(transport, all, signal),
    restarting: new Follower(transport, all, signal, {}, 7),
    one: new Follower(transport, path("n1"), signal, {}, 11),
    selected: new Follower(transport, all, signal, { labelSelector: "pick" }, 5),
  }));
  const ops = new Map<string, Sent>();
  const note = { deleted: 0 };
  await Promise.all(Array.from({ length: WRITERS }, (_, id) => write(transport, id, ops, note)));
  const seen = new Map<string, string>();
  const gone = new Set<string>();
  for (const [i, each] of followers.entries()) {
    const list = (await transport.request({ method: "GET", path: (KINDS[i] as Kind).all })) as unknown as {
      items: Obj[];
    };
    const wanted = (matches: (object: Obj) => boolean): object =>
      Object.fromEntries(
        list.items.filter(matches).map(({ kind: _kind, apiVersion: _v, ...item }) => [keyOf(item as Obj), item]),
      );
    const views: readonly [Follower, (object: Obj) => boolean][] = [
      [each.whole, () => true],
      [each.restarting, () => true],
      [each.one, ({ metadata }) => metadata.namespace === "n1"],
      [each.selected, ({ metadata }) => metadata.labels?.["pick"] !== undefined],
    ];
    for (const [follower, matches] of views) {
      const have = (): object =>
        Object.fromEntries([...follower.view].map(([key, { kind: _kind, apiVersion: _v, ...item }]) => [key, item]));
      const isThere = async (): Promise<boolean> => {
        try {
          assert.deepEqual(have(), wanted(matches));
          return true;
        } catch {
          return false;
        }
      };
      await until(isThere, { timeoutMs: 2_000, intervalMs: 2, what: "a view as the list" }).catch(() =>
        assert.deepEqual(have(), wanted(matches)),
      );
    }
    for (const [mark, revision] of replay(each.whole.events, ops)) seen.set(mark, revision);
    for (const { type, object } of each.whole.events)
      if (type === "DELETED") gone.add(object.metadata.resourceVersion as string);
  }
  stop.abort();
  for (const each of followers)
    await Promise.all([each.whole.done, each.restarting.done, each.one.done, each.selected.done]);
  let finished = 0;
  for (const [mark, { answer }] of ops) {
    const isLast = answer !== undefined && !seen.has(mark) && gone.has(answer);
    if (isLast) finished++;
    else assert.equal(seen.get(mark), answer, `write ${mark}`);
  }
  assert.equal(gone.size, note.deleted + finished);
  assert.ok(seen.size > 100, String(seen.size));
});
