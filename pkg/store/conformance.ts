import assert from "node:assert/strict";
import { after, afterEach, describe, it } from "node:test";
import { until } from "#pkg/async/index.ts";
import {
  type Codec,
  CompactedError,
  ConflictError,
  type Store,
  type StoreEvent,
  StoreUnavailableError,
} from "./types.ts";

export interface Doc {
  readonly text: string;
}

/** What a backend gives the suite: stores of `Doc`s that outlive a close. */
export interface ConformanceBackend {
  /** Opens what `place` names; the same place again has what was written there. */
  open(place: string, codec: Codec<Doc>): Promise<Store<Doc>>;
  /** Removes everything, after all stores are closed. */
  cleanUp(): Promise<void>;
}

const codec: Codec<Doc> = { encode: (doc) => JSON.stringify(doc), decode: (text) => JSON.parse(text) as Doc };
const doc = (text: string): Doc => Object.freeze({ text });
const isConflict = (actual: number) => (err: unknown) => err instanceof ConflictError && err.actual === actual;
const brief = (e: StoreEvent<Doc>): string => `${e.type} ${e.key}@${e.revision}<${e.previousRevision}=${e.value.text}`;

/** The contract of `Store`, as tests. Every backend runs it. */
export function storeConformance(name: string, backend: ConformanceBackend): void {
  describe(`${name} store`, () => {
    const opened = new Set<Store<Doc>>();
    let places = 0;
    const open = async (place = `place-${++places}`): Promise<Store<Doc>> => {
      const store = await backend.open(place, codec);
      opened.add(store);
      return store;
    };
    afterEach(async () => {
      await Promise.all([...opened].map((store) => store.close()));
      opened.clear();
    });
    after(() => backend.cleanUp());

    it("creates only what does not exist, and updates only from the key's own revision", async () => {
      const store = await open();
      assert.equal(store.revision, 0);
      assert.equal(await store.put("/a", doc("1"), 0), 1);
      await assert.rejects(store.put("/a", doc("2"), 0), isConflict(1));
      await assert.rejects(store.put("/a", doc("2"), 7), isConflict(1));
      await assert.rejects(store.put("/b", doc("2"), 1), isConflict(0));
      assert.equal(await store.put("/a", doc("2"), 1), 2);
      assert.equal(store.revision, 2);
      assert.deepEqual(await store.get("/a"), { key: "/a", value: doc("2"), revision: 2 });
      assert.equal(await store.get("/b"), undefined);
    });

    it("deletes only from the key's own revision, and takes a revision for it", async () => {
      const store = await open();
      await store.put("/a", doc("1"), 0);
      await assert.rejects(store.delete("/a", 0), isConflict(1));
      await assert.rejects(store.delete("/a", 2), isConflict(1));
      await assert.rejects(store.delete("/b", 1), isConflict(0));
      assert.equal(await store.delete("/a", 1), 2);
      assert.equal(await store.get("/a"), undefined);
      await assert.rejects(store.delete("/a", 1), isConflict(0));
      assert.equal(await store.put("/a", doc("again"), 0), 3);
    });

    it("lets one of many concurrent writers of a revision win, and hurts no other key", async () => {
      const store = await open();
      const base = await store.put("/hot", doc("0"), 0);
      const writes = Array.from({ length: 20 }, (_, i) => [
        store.put("/hot", doc(`${i}`), base),
        store.put(`/cold/${i}`, doc(`${i}`), 0),
      ]).flat();
      const settled = await Promise.allSettled(writes);
      const won = settled.flatMap((s) => (s.status === "fulfilled" ? [s.value] : []));
      assert.equal(won.length, 21);
      assert.deepEqual(
        won,
        [...new Set(won)].sort((a, b) => a - b),
        "revisions are given in the order of asking",
      );
      assert.equal(store.revision, base + 21);
      assert.equal((await store.list("/cold/")).entries.length, 20);
    });

    it("loses no increment of a counter that many writers retry", async () => {
      const store = await open();
      await store.put("/n", doc("0"), 0);
      const increment = async (): Promise<void> => {
        for (;;) {
          const entry = await store.get("/n");
          assert.ok(entry);
          try {
            await store.put("/n", doc(String(Number(entry.value.text) + 1)), entry.revision);
            return;
          } catch (err) {
            if (!(err instanceof ConflictError)) throw err;
          }
        }
      };
      await Promise.all(Array.from({ length: 8 }, increment));
      assert.equal((await store.get("/n"))?.value.text, "8");
    });

    it("lists a prefix in byte order, not its neighbours", async () => {
      const store = await open();
      const keys = ["/p/\u{1F600}", "/p/\uFFFD", "/p/a", "/p/a/b", "/p/b", "/p/é", "/q", "/p", "/o/z", "/p0"];
      for (const key of keys) await store.put(key, doc(key), 0);
      const listed = (await store.list("/p/")).entries;
      assert.deepEqual(
        listed.map((e) => e.key),
        ["/p/a", "/p/a/b", "/p/b", "/p/é", "/p/\uFFFD", "/p/\u{1F600}"],
      );
      for (const entry of listed) assert.equal(entry.value.text, entry.key);
      assert.equal((await store.list("")).entries.length, keys.length);
      assert.deepEqual((await store.list("/p/\u{1F600}")).entries.length, 1);
      assert.deepEqual(await store.list("/none/"), { entries: [], revision: keys.length, more: false, remaining: 0 });
    });

    it("pages through one snapshot while keys come, change and go", async () => {
      const store = await open();
      for (const key of ["b", "d", "f", "h", "j"]) await store.put(`/p/${key}`, doc("old"), 0);
      const first = await store.list("/p/", { limit: 2 });
      assert.deepEqual(
        [first.entries.map((e) => e.key), first.revision, first.more, first.remaining],
        [["/p/b", "/p/d"], 5, true, 3],
      );
      await store.put("/p/g", doc("new"), 0);
      await store.put("/p/h", doc("new"), 4);
      await store.put("/p/h", doc("newer"), 7);
      await store.delete("/p/j", 5);
      await store.delete("/p/b", 1);
      const second = await store.list("/p/", { limit: 2, after: "/p/d", revision: 5 });
      assert.deepEqual(
        [second.entries, second.revision, second.more, second.remaining],
        [
          [
            { key: "/p/f", value: doc("old"), revision: 3 },
            { key: "/p/h", value: doc("old"), revision: 4 },
          ],
          5,
          true,
          1,
        ],
      );
      const third = await store.list("/p/", { limit: 2, after: "/p/h", revision: 5 });
      assert.deepEqual([third.entries.map((e) => e.key), third.more, third.remaining], [["/p/j"], false, 0]);
      assert.deepEqual(
        (await store.list("/p/", { revision: 6 })).entries.map((e) => e.key.slice(3)),
        ["b", "d", "f", "g", "h", "j"],
      );
      assert.deepEqual(
        (await store.list("/p/")).entries.map((e) => `${e.key.slice(3)}${e.revision}`),
        ["d2", "f3", "g6", "h8"],
      );
    });

    it("lists more than one step's worth", async () => {
      const store = await open();
      const keys = Array.from({ length: 700 }, (_, i) => `/many/${String(i).padStart(4, "0")}`);
      await Promise.all(keys.map((key) => store.put(key, doc(key), 0)));
      assert.deepEqual(
        (await store.list("/many/")).entries.map((e) => e.key),
        keys,
      );
      await Promise.all(keys.map((key, i) => store.put(key, doc("later"), i + 1)));
      const past = await store.list("/many/", { revision: 700, limit: 600 });
      assert.equal(past.entries.length, 600);
      assert.equal(past.remaining, 100);
      assert.ok(past.entries.every((e) => e.value.text === e.key));
    });

    it("gives watchers every event of their prefix once, in order, with history first", async () => {
      const store = await open();
      await store.put("/w/a", doc("1"), 0);
      await store.put("/other", doc("x"), 0);
      await store.put("/w/a", doc("2"), 1);
      await store.delete("/w/a", 3);
      const seen: string[] = [];
      const starting = store.watch("/w/", 1, (events) => seen.push(...events.map(brief)));
      const during = Promise.all([store.put("/w/b", doc("3"), 0), store.put("/w/c", doc("4"), 0)]);
      const stop = await starting;
      await during;
      await store.delete("/w/b", 5);
      const expected = ["put /w/a@3<1=2", "delete /w/a@4<3=2", "put /w/b@5<0=3", "put /w/c@6<0=4", "delete /w/b@7<5=3"];
      assert.deepEqual(seen, expected);
      stop();
      await store.put("/w/d", doc("5"), 0);
      assert.deepEqual(seen, expected);
    });

    it("is complete for watchers that join at any moment under load", async () => {
      const store = await open();
      const seen = new Map<number, number[]>();
      const joins: Promise<() => void>[] = [];
      const writing = (async () => {
        for (let i = 0; i < 30; i++) {
          await Promise.all(Array.from({ length: 20 }, (_, k) => store.put(`/l/${i}/${k}`, doc("v"), 0)));
          if (i % 6 !== 0) continue;
          const from = i * 10;
          seen.set(from, []);
          joins.push(store.watch("/l/", from, (events) => seen.get(from)?.push(...events.map((e) => e.revision))));
        }
      })();
      await writing;
      await Promise.all(joins);
      assert.equal(seen.size, 5);
      for (const [from, revisions] of seen) {
        assert.deepEqual(
          revisions,
          Array.from({ length: 600 - from }, (_, i) => from + 1 + i),
        );
      }
    });

    it("tells changes with the value before each, in pages, up to a revision", async () => {
      const store = await open("changes");
      await store.put("/w/a", doc("1"), 0);
      await store.put("/other", doc("x"), 0);
      await store.put("/w/a", doc("2"), 1);
      await store.put("/w/b", doc("3"), 0);
      await store.delete("/w/a", 3);
      await store.put("/w/a", doc("4"), 0);
      const told = async (from: number, to: number): Promise<string[]> => {
        const page = await store.changes("/w/", from, to);
        assert.equal(page.revision, Math.min(to, store.revision));
        return page.changes.map((change) => `${brief(change)} was ${change.previousValue?.text}`);
      };
      const all = [
        "put /w/a@3<1=2 was 1",
        "put /w/b@4<0=3 was undefined",
        "delete /w/a@5<3=2 was 2",
        "put /w/a@6<0=4 was undefined",
      ];
      assert.deepEqual(await told(1, 6), all);
      assert.deepEqual(await told(3, 5), all.slice(1, 3));
      await store.compact(2);
      assert.deepEqual(await told(2, 100), all);
      await assert.rejects(store.changes("/w/", 1, 6), CompactedError);
      await Promise.all(Array.from({ length: 300 }, (_, i) => store.put(`/w/many/${i}`, doc("v"), 0)));
      const seen: number[] = [];
      let pages = 0;
      for (let from = 6; from < store.revision; pages++) {
        const page = await store.changes("/w/", from, store.revision);
        seen.push(...page.changes.map((change) => change.revision));
        from = page.revision;
      }
      assert.ok(pages > 1);
      assert.deepEqual(
        seen,
        Array.from({ length: 300 }, (_, i) => 7 + i),
      );
    });

    it("delivers a write's events before it answers the writer, in the same turn", async () => {
      const store = await open();
      const order: string[] = [];
      const stop = await store.watch("", 0, (events) => {
        order.push(...events.map((e) => `event ${e.revision} at ${store.revision}`));
        setImmediate(() => order.push("turn over"));
      });
      const first = store.put("/a", doc("1"), 0).then((revision) => order.push(`answer ${revision}`));
      const second = store.put("/b", doc("2"), 0).then((revision) => order.push(`answer ${revision}`));
      await Promise.all([first, second]);
      await until(() => order.includes("turn over"), { timeoutMs: 15_000, intervalMs: 1 });
      const turn = order.slice(0, order.indexOf("turn over"));
      for (const e of turn.filter((line) => line.startsWith("event"))) {
        assert.ok(turn.includes(`answer ${e.split(" ")[1]}`), order.join(", "));
      }
      assert.ok(order.indexOf("event 2 at 2") < order.indexOf("answer 2"), order.join(", "));
      stop();
    });

    it("starts a watch from a revision to come with the event after it", async () => {
      const store = await open();
      const seen: number[] = [];
      const stop = await store.watch("", 2, (events) => seen.push(...events.map((e) => e.revision)));
      for (const key of ["/a", "/b", "/c"]) await store.put(key, doc("1"), 0);
      assert.deepEqual(seen, [3]);
      stop();
    });

    it("forgets old history on compaction, keeps the present, and says what is gone", async () => {
      const store = await open();
      await store.put("/a", doc("1"), 0);
      await store.put("/a", doc("2"), 1);
      await store.put("/b", doc("1"), 0);
      await store.delete("/b", 3);
      await store.put("/c", doc("1"), 0);
      assert.equal(store.compactedRevision, 0);
      await store.compact(4);
      assert.equal(store.compactedRevision, 4);
      const gone = (err: unknown): boolean => err instanceof CompactedError && err.compactedRevision === 4;
      await assert.rejects(store.list("/", { revision: 3 }), gone);
      await assert.rejects(
        store.watch("/", 3, () => {}),
        gone,
      );
      assert.deepEqual(
        (await store.list("/", { revision: 4 })).entries.map((e) => `${e.key}@${e.revision}`),
        ["/a@2"],
      );
      const seen: string[] = [];
      (await store.watch("/", 4, (events) => seen.push(...events.map(brief))))();
      assert.deepEqual(seen, ["put /c@5<0=1"]);
      await store.compact(2);
      assert.equal(store.compactedRevision, 4);
      await store.compact(1000);
      assert.equal(store.compactedRevision, 5);
      assert.deepEqual(
        (await store.list("/")).entries.map((e) => e.value.text),
        ["2", "1"],
      );
    });

    it("keeps everything over a restart, and its revision even when compaction took the last event", async () => {
      const store = await open("restart");
      await store.put("/a", doc("1"), 0);
      await store.put("/b", doc("1"), 0);
      await store.delete("/b", 2);
      await store.compact(3);
      await store.close();
      const again = await open("restart");
      assert.deepEqual([again.revision, again.compactedRevision], [3, 3]);
      assert.deepEqual((await again.get("/a"))?.value, doc("1"));
      assert.equal(await again.put("/c", doc("1"), 0), 4);
      await assert.rejects(
        again.watch("", 2, () => {}),
        CompactedError,
      );
    });

    it("keeps awkward keys and values as they are", async () => {
      const store = await open();
      const long = `/${"k".repeat(2000)}`;
      const values = ["", "\u0000 \n \"' \\", "é 漢 \u{1F600}", "x".repeat(3_000_000), "漢".repeat(500_000)];
      const keys = ["/ space", "/'; DROP TABLE state; --", "/%_", long, "/\u{1F600}"];
      for (const [i, key] of keys.entries()) await store.put(key, doc(values[i] as string), 0);
      for (const [i, key] of keys.entries()) {
        assert.equal((await store.get(key))?.value.text === values[i], true, `value ${i}`);
      }
      assert.equal((await store.list("/%")).entries.length, 1);
    });

    it("counts its keys and bytes", async () => {
      const store = await open();
      await store.put("/a", doc("1"), 0);
      await store.put("/b", doc("1"), 0);
      await store.delete("/a", 1);
      const stats = await store.stats();
      assert.equal(stats.keys, 1);
      assert.ok(stats.sizeBytes + stats.walBytes > 0);
    });

    it("rejects a value that cannot be encoded and goes on", async () => {
      const store = await open();
      const circular: Record<string, unknown> = {};
      circular["self"] = circular;
      await assert.rejects(store.put("/a", circular as unknown as Doc, 0), TypeError);
      assert.equal(await store.put("/a", doc("1"), 0), 1);
    });

    it("finishes what it accepted on close, then refuses", async () => {
      const store = await open("closing");
      const writes = Array.from({ length: 50 }, (_, i) => store.put(`/${i}`, doc("1"), 0));
      const listing = store.list("/");
      await Promise.all([store.close(), store.close()]);
      assert.equal((await Promise.all(writes)).length, 50);
      assert.equal((await listing).entries.length, 50);
      await assert.rejects(store.put("/x", doc("1"), 0), StoreUnavailableError);
      await assert.rejects(store.get("/x"), StoreUnavailableError);
      await assert.rejects(
        store.watch("/", 0, () => {}),
        StoreUnavailableError,
      );
      assert.equal((await open("closing")).revision, 50);
    });
  });
}
