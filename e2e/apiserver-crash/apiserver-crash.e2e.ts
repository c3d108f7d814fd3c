import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";

const KILLS = 10;

type Row = [name: string, revision: number, n: number];
type Seen = [type: string, ...Row];
type Said =
  | { readonly kept: Row[]; readonly stored: [name: string, revision: number][] }
  | { readonly seen: Seen }
  | { readonly written: Row }
  | { readonly removed: [name: string, before: number] };

/** Everything that was acknowledged, over all lives of the server. */
interface Story {
  readonly written: Row[];
  readonly removed: [name: string, before: number][];
  readonly seen: Seen[];
  /** What the present server found when it started. */
  kept: Row[];
}

describe("the API server, killed under load with a watch open", () => {
  it("keeps every acknowledged write, and its clients' watches go on where they were", async (t) => {
    const dir = await mkdtemp(join(tmpdir(), "minik-apiserver-crash-"));
    t.after(() => rm(dir, { recursive: true }));
    const story: Story = { written: [], removed: [], seen: [], kept: [] };
    for (let kill = 0; kill < KILLS; kill++) {
      const known = story.seen.at(-1)?.[2];
      await liveUntilKilled(join(dir, "state.db"), known, 200 + ((kill * 97) % 300), story, () => checkKept(story));
      checkSeen(story.seen);
    }
    // A last server, of which only what it finds is of interest: by then the watch has told all that was written.
    await liveUntilKilled(join(dir, "state.db"), story.seen.at(-1)?.[2], 1, story, () => checkKept(story));
    checkSeen(story.seen);
    assert.ok(story.seen.length > KILLS * 100, `the watch told only ${story.seen.length} events`);
    const last = story.seen.at(-1)?.[2] ?? 0;
    const seen = new Set(story.seen.map(([, , revision]) => revision));
    const missed = story.written.filter(([, revision]) => revision <= last && !seen.has(revision));
    assert.deepEqual(missed, [], "acknowledged writes that the watch never told");
  });
});

/** Runs the server from `resourceVersion` on until it acknowledged `count` writes, and kills it. */
async function liveUntilKilled(
  path: string,
  resourceVersion: number | undefined,
  count: number,
  story: Story,
  started: () => void,
): Promise<void> {
  const args = [path, ...(resourceVersion === undefined ? [] : [String(resourceVersion)])];
  const child = fork(new URL("./crash-server.ts", import.meta.url), args, { serialization: "advanced" });
  let failure: unknown;
  let written = 0;
  child.on("message", (said: Said) => {
    try {
      if ("kept" in said) {
        story.kept = said.kept;
        assert.deepEqual(
          said.kept.map(([name, revision]) => [name, revision]),
          said.stored,
          "the cache is not what the store has",
        );
        started();
      } else if ("seen" in said) story.seen.push(said.seen);
      else if ("written" in said) {
        story.written.push(said.written);
        if (++written >= count) child.kill("SIGKILL");
      } else if ("removed" in said) story.removed.push(said.removed);
    } catch (err) {
      failure = err;
      child.kill("SIGKILL");
    }
  });
  const [, signal] = (await once(child, "close")) as [number | null, string | null];
  if (failure !== undefined) throw failure;
  assert.equal(signal, "SIGKILL");
}

/** What a server found at its start holds each acknowledged write, or a later one of that object. */
function checkKept({ written, removed, kept }: Story): void {
  const now = new Map(kept.map((row) => [row[0], row]));
  const newest = new Map<string, Row>();
  for (const row of written) if (row[1] > (newest.get(row[0])?.[1] ?? 0)) newest.set(row[0], row);
  for (const [name, revision, n] of newest.values()) {
    const found = now.get(name);
    if (found === undefined) continue;
    assert.ok(found[1] >= revision, `${name} went back from ${revision} to ${found[1]}`);
    if (found[1] === revision) assert.equal(found[2], n);
  }
  for (const [name, before] of removed)
    assert.ok((now.get(name)?.[1] ?? Number.POSITIVE_INFINITY) > before, `${name} is there again`);
}

/** In order, each once, and each object's events follow from one another. */
function checkSeen(seen: readonly Seen[]): void {
  const there = new Map<string, number>();
  let last = 0;
  for (const [type, name, revision, n] of seen) {
    assert.ok(revision > last, `${type} ${name} at ${revision} came after ${last}`);
    last = revision;
    const before = there.get(name);
    assert.equal(type === "ADDED", before === undefined, `${type} ${name} at ${revision}`);
    if (type === "ADDED") assert.equal(n, 1);
    if (type === "MODIFIED") assert.equal(n, (before ?? 0) + 1, `${name} at ${revision}: a change is missing`);
    if (type === "DELETED") there.delete(name);
    else there.set(name, n);
  }
}
