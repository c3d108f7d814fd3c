import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import Database from "better-sqlite3";

const KILLS = 20;

type Acknowledged = [key: string, revision: number, n: number];

describe("openSqliteStore", () => {
  it("keeps every acknowledged write, and none by half, when the process is killed under load", async (t) => {
    const dir = await mkdtemp(join(tmpdir(), "minik-crash-"));
    t.after(() => rm(dir, { recursive: true }));
    const path = join(dir, "state.db");
    let newest = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const acknowledged = await writeUntilKilled(path, 300 + ((kill * 97) % 400));
      assert.ok(acknowledged.length > 0);
      newest = check(path, acknowledged, newest);
    }
  });
});

/** Runs the writer until it said `count` writes, kills it, and returns all that it said. */
async function writeUntilKilled(path: string, count: number): Promise<Acknowledged[]> {
  const child = fork(new URL("./crash-writer.ts", import.meta.url), [path], { serialization: "advanced" });
  const acknowledged: Acknowledged[] = [];
  child.on("message", (said: Acknowledged[]) => {
    acknowledged.push(...said);
    if (acknowledged.length >= count) child.kill("SIGKILL");
  });
  const [, signal] = (await once(child, "close")) as [number | null, string | null];
  assert.equal(signal, "SIGKILL");
  return acknowledged;
}

/** Looks into the file itself, as the next start will find it. */
function check(path: string, acknowledged: Acknowledged[], before: number): number {
  const db = new Database(path);
  try {
    assert.equal(db.pragma("integrity_check", { simple: true }), "ok");
    const row = (sql: string, ...args: unknown[]): Record<string, unknown> =>
      db.prepare<unknown[], Record<string, unknown>>(sql).get(...args) ?? {};
    const compacted = Number(row("SELECT value FROM meta WHERE name = 'compacted'")["value"]);
    const newest = Math.max(compacted, Number(row("SELECT max(revision) AS r FROM history")["r"] ?? 0));
    const lastSaid = new Map<string, Acknowledged>();
    for (const said of acknowledged) {
      const [key, revision, n] = said;
      assert.ok(revision > before, `revision ${revision} was given before the kill already`);
      assert.ok(revision <= newest);
      if (revision > (lastSaid.get(key)?.[1] ?? 0)) lastSaid.set(key, said);
      const found = row("SELECT key, value FROM history WHERE revision = ?", revision);
      if (found["key"] === undefined) assert.ok(revision <= compacted, `acknowledged revision ${revision} is lost`);
      else {
        assert.equal(found["key"], key);
        assert.equal(n === 0 ? found["value"] : JSON.parse(String(found["value"])).n, n === 0 ? null : n);
      }
    }
    assert.equal(new Set(acknowledged.map(([, revision]) => revision)).size, acknowledged.length);
    for (const [key, revision] of lastSaid.values()) {
      const { r = 0 } = row("SELECT revision AS r FROM state WHERE key = ?", key);
      const later = row("SELECT max(revision) AS r FROM history WHERE key = ?", key)["r"];
      assert.ok(Number(r) >= revision || Number(later ?? compacted) >= revision, `${key} went back`);
    }
    // Value and history agree: each key's state is its newest history, and what history ended in a deletion has none.
    const disagree = `SELECT count(*) AS n FROM state s LEFT JOIN history h ON h.revision = s.revision
      WHERE h.key IS NOT s.key OR h.value IS NULL OR EXISTS (SELECT 1 FROM history l WHERE l.key = s.key AND l.revision > s.revision)`;
    assert.equal(row(disagree)["n"], 0);
    const orphans = `SELECT count(*) AS n FROM (SELECT key, max(revision) AS r FROM history GROUP BY key) m
      JOIN history h ON h.revision = m.r LEFT JOIN state s ON s.key = m.key WHERE (h.value IS NULL) <> (s.key IS NULL)`;
    assert.equal(row(orphans)["n"], 0);
    return newest;
  } finally {
    db.close();
  }
}
