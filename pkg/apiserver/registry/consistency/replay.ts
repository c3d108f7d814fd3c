/** For tests: what a watch told, beside a simple model of what it should have told. */
import assert from "node:assert/strict";
import { keyOf, type Seen } from "./follower.ts";
import {
  appliedLeaves,
  appliedPathsIn,
  changedLeaves,
  leavesOf,
  type Owners,
  ownersAfter,
  ownersIn,
} from "./ownership-model.ts";
import type { Obj, Sent } from "./racing-writers.ts";

/** The marks in an object: what wrote it last is the one that was not there before. */
function marksOf(object: Obj | undefined): string[] {
  const status = (object?.["status"] as { mark?: string } | undefined)?.mark;
  return [...Object.values(object?.metadata.annotations ?? {}), ...(status === undefined ? [] : [status])];
}

/** Replays all events of one kind beside the model. Returns the marks that were seen, with their revisions. */
export function replay(events: readonly Seen[], ops: ReadonlyMap<string, Sent>): Map<string, string> {
  const seen = new Map<string, string>();
  const objects = new Map<string, { object: Obj; owners: Owners }>();
  for (const { type, object } of events) {
    const key = keyOf(object);
    if (type === "DELETED") {
      objects.delete(key);
      continue;
    }
    const before = objects.get(key);
    const old = before?.object;
    const what = `${key} at ${object.metadata.resourceVersion}`;
    const isMarked = old?.metadata.deletionTimestamp === undefined && object.metadata.deletionTimestamp !== undefined;
    const isOther = JSON.stringify(specOf(old)) !== JSON.stringify(specOf(object));
    if (object.kind === "Widget")
      assert.equal(
        object.metadata.generation,
        old === undefined ? 1 : (old.metadata.generation ?? 0) + (isMarked || isOther ? 1 : 0),
        `generation of ${what}`,
      );
    let owners = before?.owners ?? new Map<string, Set<string>>();
    if (!isMarked) {
      const known = new Set(marksOf(old));
      const marks = marksOf(object).filter((mark) => !known.has(mark));
      assert.equal(marks.length, 1, `${what} was written by ${marks.join()}`);
      const mark = marks[0] as string;
      const op = ops.get(mark);
      assert.ok(op !== undefined && !seen.has(mark), what);
      seen.set(mark, object.metadata.resourceVersion as string);
      const [was, is] = [leavesOf(old ?? {}), leavesOf(object)];
      if (op.config !== undefined) {
        assert.deepEqual(
          sorted(is),
          sorted(appliedLeaves(was, owners, appliedPathsIn(old), op)),
          `${what} after apply of ${JSON.stringify(op)}`,
        );
        if (op.force !== true)
          for (const path of changedLeaves(was, is))
            for (const [manager, paths] of owners)
              assert.ok(
                manager === op.by || !is.has(path) || !paths.has(path),
                `${what}: ${path} of ${manager} was overwritten`,
              );
      }
      owners = ownersAfter(owners, was, is, op);
    }
    assert.deepEqual(plain(ownersIn(object)), plain(owners), `owners of ${what}`);
    objects.set(key, { object, owners });
  }
  return seen;
}

const specOf = (object: Obj | undefined): unknown => object?.["spec"];
const sorted = (leaves: ReadonlyMap<string, string>): object => [...leaves].sort(([a], [b]) => (a < b ? -1 : 1));
const plain = (owners: Owners): object =>
  [...owners]
    .map(([manager, paths]) => [manager, [...paths].sort()])
    .sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1));
