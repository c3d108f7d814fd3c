import type { Statement } from "better-sqlite3";
import type { Connection } from "./database.ts";
import { keyRange } from "./key-range.ts";
import type { Reply, Request, Rows } from "./protocol.ts";

/** Rows read in one turn of the thread; between turns writes are committed. */
const STEP_ROWS = 128;
const STEP_CHARS = 512 * 1024;

type ListRow = readonly [key: string, revision: number, value: string];
type EventRow = readonly [revision: number, key: string, previous: number, value: string | null, last: string | null];

const CURRENT = "FROM state s JOIN history h ON h.revision = s.revision WHERE s.key >= ? AND s.key < ?";
const LATEST =
  "(SELECT key, max(revision) AS revision FROM history WHERE key >= ? AND key < ? AND revision <= ? GROUP BY key)";
const AT_REVISION = `FROM ${LATEST} s CROSS JOIN history h ON h.revision = s.revision WHERE h.value IS NOT NULL`;

/** Long reads, each on one snapshot, in steps: a generator's `next()` reads some rows and sends them. */
export class SnapshotReader {
  readonly #db: Connection;
  readonly #send: (reply: Reply) => void;
  readonly #position: Statement<[], { revision: number; compacted: number }>;
  readonly #list: Statement<unknown[], ListRow>;
  readonly #listAt: Statement<unknown[], ListRow>;
  readonly #count: Statement<unknown[], number>;
  readonly #countAt: Statement<unknown[], number>;
  readonly #events: Statement<unknown[], EventRow>;

  constructor(db: Connection, send: (reply: Reply) => void) {
    this.#db = db;
    this.#send = send;
    this.#position = db.prepare(POSITION);
    this.#list = db
      .prepare<unknown[], ListRow>(`SELECT s.key, s.revision, h.value ${CURRENT} ORDER BY s.key LIMIT ?`)
      .raw();
    this.#listAt = db
      .prepare<unknown[], ListRow>(`SELECT s.key, s.revision, h.value ${AT_REVISION} ORDER BY s.key LIMIT ?`)
      .raw();
    this.#count = db.prepare<unknown[], number>("SELECT count(*) FROM state WHERE key >= ? AND key < ?").pluck();
    this.#countAt = db.prepare<unknown[], number>(`SELECT count(*) ${AT_REVISION}`).pluck();
    this.#events = db
      .prepare<unknown[], EventRow>(
        `SELECT h.revision, h.key, h.previous, h.value,
           CASE WHEN h.value IS NULL THEN (SELECT p.value FROM history p WHERE p.revision = h.previous) END
         FROM history h WHERE h.revision > ? AND h.revision <= ? AND +h.key >= ? AND +h.key < ? ORDER BY h.revision`,
      )
      .raw();
  }

  *list(request: Request & { type: "list" }): Generator<void, void, void> {
    yield* this.#snapshot(request.id, request.revision, function* (this: SnapshotReader, newest) {
      const revision = request.revision ?? newest;
      const past = revision < newest;
      const range = keyRange(request.prefix, request.after);
      const limit = request.limit ?? -1;
      const rows = past
        ? this.#listAt.iterate(range.lower, range.upper, revision, limit)
        : this.#list.iterate(range.lower, range.upper, limit);
      let seen = 0;
      let last = "";
      let step = emptyRows();
      let chars = 0;
      for (const [key, writtenAt, value] of rows) {
        seen++;
        last = key;
        step.keys.push(key);
        step.revisions.push(writtenAt);
        step.values.push(value);
        chars += value.length;
        if (step.keys.length < STEP_ROWS && chars < STEP_CHARS) continue;
        this.#send({ type: "rows", id: request.id, rows: step });
        step = emptyRows();
        chars = 0;
        yield;
      }
      if (step.keys.length > 0) this.#send({ type: "rows", id: request.id, rows: step });
      let remaining = 0;
      if (limit >= 0 && seen === limit) {
        const rest = seen === 0 ? range : keyRange(request.prefix, last);
        remaining =
          (past ? this.#countAt.get(rest.lower, rest.upper, revision) : this.#count.get(rest.lower, rest.upper)) ?? 0;
      }
      this.#send({ type: "done", id: request.id, result: { revision, remaining } });
    });
  }

  /** Every event after `from` up to the snapshot, whose revision the answer tells. */
  *replay(request: Request & { type: "replay" }): Generator<void, void, void> {
    yield* this.#snapshot(request.id, request.from, function* (this: SnapshotReader, newest) {
      const range = keyRange(request.prefix);
      let step = emptyRows();
      let chars = 0;
      let from = request.from;
      // Windows of revisions, because a prefix may match few of many events: the step must stay short.
      while (from < newest) {
        const to = Math.min(newest, from + STEP_ROWS * 4);
        for (const [revision, key, previous, value, last] of this.#events.iterate(from, to, range.lower, range.upper)) {
          step.keys.push(key);
          step.revisions.push(revision);
          step.previous.push(previous);
          step.values.push(value ?? (last as string));
          step.deleted.push(value === null);
          chars += step.values[step.values.length - 1]?.length ?? 0;
          if (step.keys.length < STEP_ROWS && chars < STEP_CHARS) continue;
          this.#send({ type: "rows", id: request.id, rows: step });
          step = emptyRows();
          chars = 0;
          yield;
        }
        from = to;
        yield;
      }
      if (step.keys.length > 0) this.#send({ type: "rows", id: request.id, rows: step });
      this.#send({ type: "done", id: request.id, result: { revision: newest, remaining: 0 } });
    });
  }

  *#snapshot(
    id: number,
    from: number | undefined,
    read: (this: SnapshotReader, newest: number) => Generator<void, void, void>,
  ): Generator<void, void, void> {
    this.#db.exec("BEGIN");
    try {
      const { revision: newest, compacted } = this.#position.get() as { revision: number; compacted: number };
      if (from !== undefined && from < compacted) {
        this.#send({ type: "compactedAway", id, revision: from, compacted });
        return;
      }
      yield* read.call(this, newest);
    } catch (err) {
      this.#send({ type: "failed", id, message: (err as Error).message });
    } finally {
      if (this.#db.inTransaction) this.#db.exec("COMMIT");
    }
  }
}

/** The store's newest and compacted revision. */
export const POSITION = `
  SELECT max(compacted, coalesce((SELECT max(revision) FROM history), 0)) AS revision, compacted
  FROM (SELECT value AS compacted FROM meta WHERE name = 'compacted')`;

const emptyRows = (): Rows => ({ keys: [], revisions: [], values: [], previous: [], deleted: [] });
