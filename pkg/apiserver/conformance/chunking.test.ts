// The statement "Servers with support for API chunking should support continue listing from the last key if the
// original version has been compacted away, though the list is inconsistent".
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ApiError } from "#pkg/errors/index.ts";
import { type Loose, podSpec, startCluster } from "./testing.ts";

const PATH = "/api/v1/namespaces/ns/podtemplates";
const TOTAL = 40;
const LIMIT = 7;

describe("API chunking", () => {
  it("goes on from the last key when the list's revision was compacted away", async (t) => {
    const { send, test } = await startCluster(t);
    const make = (name: string): Promise<Loose> =>
      send("POST", PATH, { metadata: { name }, template: { metadata: { labels: { a: "b" } }, spec: podSpec() } });
    const nameOf = (i: number): string => `template-${String(i).padStart(4, "0")}`;
    await Promise.all(Array.from({ length: TOTAL }, (_, i) => make(nameOf(i))));
    const page = async (token = ""): Promise<{ names: string[]; next: string; left?: number; revision: string }> => {
      const list = await send("GET", PATH, undefined, { limit: LIMIT, ...(token === "" ? {} : { continue: token }) });
      const {
        continue: next = "",
        remainingItemCount: left,
        resourceVersion,
      } = list.metadata as Loose["metadata"] & {
        continue?: string;
        remainingItemCount?: number;
      };
      const names = (list["items"] as Loose[]).map((each) => each.metadata.name);
      return { names, next, revision: resourceVersion, ...(left === undefined ? {} : { left }) };
    };
    const first = await page();
    assert.deepEqual([first.names.length, first.left], [LIMIT, TOTAL - LIMIT]);

    await make("a-later-one-before-the-key");
    await make("z-later-one");
    await test.store.compact(test.store.revision);
    const expired = await page(first.next).catch((err: unknown) => err);
    assert.ok(expired instanceof ApiError);
    const { code, reason, metadata } = expired.toStatus();
    assert.deepEqual([code, reason], [410, "Expired"]);
    const token = metadata?.continue ?? "";
    assert.notEqual(token, "");

    // One later object lies before the key and is not seen; the other one is.
    let at = await page(token);
    const { revision } = at;
    assert.ok(Number(revision) > Number(first.revision));
    const found = [...first.names];
    for (;;) {
      assert.equal(at.revision, revision, "the revision of the list that is inconsistent with the first page");
      assert.ok(at.names.length > 0 && at.names.length <= LIMIT);
      found.push(...at.names);
      assert.equal(at.left ?? 0, TOTAL + 1 - found.length);
      if (at.next === "") break;
      await make(`zz-never-seen-${found.length}`);
      at = await page(at.next);
    }
    assert.equal(at.left, undefined);
    assert.deepEqual(found, [...Array.from({ length: TOTAL }, (_, i) => nameOf(i)), "z-later-one"]);
  });
});
