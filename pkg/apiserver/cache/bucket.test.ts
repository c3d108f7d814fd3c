import assert from "node:assert/strict";
import { test } from "node:test";
import { Bucket } from "./bucket.ts";
import { Entry, Stored } from "./index.ts";

const stored = new Stored('{"kind":"A","apiVersion":"v1","metadata":{}}');
const entry = (name: string): Entry => Entry.of("", name, stored, 1);

const namesIn = (bucket: Bucket, after = ""): string[] => {
  const out: Entry[] = [];
  bucket.collect(out, after);
  return out.map((each) => each.name);
};

test("Bucket.collect keeps name order when names come and go at random", () => {
  const bucket = new Bucket();
  const wanted = new Set<string>();
  let seed = 7;
  const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
  for (let i = 0; i < 3_000; i++) {
    const name = `n${random(300)}`;
    if (random(3) === 0) {
      bucket.delete(name);
      wanted.delete(name);
    } else {
      bucket.set(entry(name));
      wanted.add(name);
    }
    if (random(20) === 0) assert.deepEqual(namesIn(bucket), [...wanted].toSorted());
  }
  const sorted = [...wanted].toSorted();
  assert.deepEqual(
    namesIn(bucket, "n2"),
    sorted.filter((name) => name > "n2"),
  );
});

test("Bucket.collect is right after more deletions than it keeps names of", () => {
  const bucket = new Bucket();
  for (let i = 0; i < 5_000; i++) {
    bucket.set(entry(`n${i}`));
    if (i >= 10) bucket.delete(`n${i - 10}`);
  }
  assert.deepEqual(
    namesIn(bucket),
    Array.from({ length: 10 }, (_, i) => `n${4_990 + i}`),
  );
});
