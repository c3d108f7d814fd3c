import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import { openTestStore } from "#pkg/store/index.ts";
import { Cache, Stored, storedCodec } from "./index.ts";

const WIDGETS = { prefix: "acme.com/widgets", namespaced: true };

function widget(name: string, size = 1): Stored {
  return Stored.of({
    kind: "Widget",
    apiVersion: "acme.com/v1",
    metadata: { name, namespace: "a", uid: name },
    size,
  } as unknown as KubeObject);
}

test("Cache.open takes in objects of resources that other objects tell of", async (t) => {
  const store = await openTestStore(t, storedCodec);
  await store.put("/registry/acme.com/widgets/a/one", widget("one"), 0);
  const kind = Stored.of({ kind: "Kind", apiVersion: "v1", metadata: { name: "widgets", uid: "k" } } as KubeObject);
  await store.put("/registry/x.io/kinds/widgets", kind, 0);
  const cache = await Cache.open(store, [{ prefix: "x.io/kinds", namespaced: false }], {
    prefix: "x.io/kinds",
    resourceOf: (object) => (object.metadata.name === "widgets" ? WIDGETS : undefined),
  });
  t.after(() => cache.close());
  assert.deepEqual(
    cache.list("acme.com/widgets").map((object) => object.metadata.name),
    ["one"],
  );
  assert.equal(cache.list("x.io/kinds").length, 1);
});

test("Cache.add misses nothing when objects are written while it loads", async (t) => {
  const store = await openTestStore(t, storedCodec);
  const cache = await Cache.open(store, []);
  t.after(() => cache.close());
  const write = async (name: string) => store.put(`/registry/acme.com/widgets/a/${name}`, widget(name), 0);
  const first = await write("first");
  const writes: Promise<number>[] = [];
  for (let i = 0; i < 20; i++) writes.push(write(`before-${i}`));
  const added = cache.add(WIDGETS);
  for (let i = 0; i < 20; i++) writes.push(write(`after-${i}`));
  const changed = store.put("/registry/acme.com/widgets/a/first", widget("first", 2), first);
  await added;
  await Promise.all([...writes, changed]);
  assert.equal(cache.resource("acme.com/widgets").size, 41);
  assert.equal((cache.get("acme.com/widgets", "a", "first") as unknown as { size: number }).size, 2);
});

test("Cache.remove ends the watches of the resource and forgets its objects", async (t) => {
  const store = await openTestStore(t, storedCodec);
  const cache = await Cache.open(store, [WIDGETS]);
  t.after(() => cache.close());
  await store.put("/registry/acme.com/widgets/a/one", widget("one"), 0);
  let ended = 0;
  cache.resource("acme.com/widgets").onEnd(() => ended++);
  cache.remove("acme.com/widgets");
  assert.equal(ended, 1);
  assert.equal(cache.get("acme.com/widgets", "a", "one"), undefined);
  await cache.add(WIDGETS);
  assert.equal(cache.list("acme.com/widgets").length, 1);
});

test("Cache.forgetIdle keeps decoded objects that are asked for and forgets the others", async (t) => {
  const store = await openTestStore(t, storedCodec);
  const cache = await Cache.open(store, [WIDGETS]);
  t.after(() => cache.close());
  for (const name of ["busy", "idle"]) await store.put(`/registry/acme.com/widgets/a/${name}`, widget(name), 0);
  const read = (name: string): KubeObject | undefined => cache.get("acme.com/widgets", "a", name);
  const [busy, idle] = [read("busy"), read("idle")];
  await cache.forgetIdle();
  assert.equal(read("busy"), busy);
  await cache.forgetIdle();
  assert.equal(read("busy"), busy);
  assert.notEqual(read("idle"), idle);
  assert.deepEqual(read("idle"), idle);
});

test("Cache.forgetIdle leaves the last hundred changes when they are old, and all that are not", async (t) => {
  const store = await openTestStore(t, storedCodec);
  const cache = await Cache.open(store, [WIDGETS]);
  t.after(() => cache.close());
  const resource = cache.resource("acme.com/widgets");
  const revisions = [0];
  const write = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++)
      revisions.push(await store.put("/registry/acme.com/widgets/a/one", widget("one"), revisions.at(-1) as number));
  };
  const since = (written: number): number | undefined => resource.changesSince(revisions[written] as number)?.length;
  await write(150);
  for (let i = 0; i < 5; i++) await cache.forgetIdle();
  await write(60);
  assert.equal(since(1), 209);
  await cache.forgetIdle();
  assert.equal(since(109), undefined);
  assert.equal(since(110), 100);
  for (let i = 0; i < 6; i++) await cache.forgetIdle();
  assert.equal(since(110), 100);
});

test("ResourceCache.list is right while many namespaces come and go", async (t) => {
  const store = await openTestStore(t, storedCodec);
  const cache = await Cache.open(store, [WIDGETS]);
  t.after(() => cache.close());
  for (let i = 0; i < 200; i++) {
    const key = `/registry/acme.com/widgets/n${i}/one`;
    const revision = await store.put(key, widget("one"), 0);
    if (i % 10 !== 0) await store.delete(key, revision);
  }
  await store.put("/registry/acme.com/widgets/n1/one", widget("one"), 0);
  const wanted = [1, ...Array.from({ length: 20 }, (_, i) => i * 10)].map((i) => `n${i}`);
  assert.deepEqual(
    cache
      .resource("acme.com/widgets")
      .list("")
      .map(({ namespace }) => namespace),
    wanted.toSorted((a, b) => (`${a}/` < `${b}/` ? -1 : 1)),
  );
});
