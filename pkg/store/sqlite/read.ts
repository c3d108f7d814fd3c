import type { Statement } from "better-sqlite3";
import type { Connection } from "./database.ts";
import { compareKeys, type KeyRange, keyRange } from "./key-range.ts";
import type { Reply, Request, Rows } from "./protocol.ts";

/** Rows read in one turn of the thread; between turns writes are committed. */
const STEP_ROWS = 128;
const STEP_CHARS = 512 * 1024;
/** Revisions of history looked at in one turn. */
const WINDOW = 512;

type ListRow = readonly [key: string, revision: number, value: string];
type EventRow = readonly [revision: number, key: string, previous: number, value: string | null, last: string | null];

/** Long reads, each on one snapshot, in steps: a generator's `next()` reads some rows and sends them. */
export class SnapshotReader {
  readonly #db: Connection;
  readonly #send: (reply: Reply) => void;
  readonly #position: Statement<[], { revision: number; compacted: number }>;
  readonly #current: Statement<unknown[], ListRow>;
  readonly #count: Statement<unknown[], number>;
  readonly #changes: Statement<unknown[], readonly [key: string, previous: number]>;
  readonly #value: Statement<[number], string>;
  readonly #events: Statement<unknown[], EventRow>;
  readonly #eventsAndBefore: Statement<unknown[], EventRow>;

  constructor(db: Connection, send: (reply: Reply) => void) {
    this.#db = db;
    this.#send = send;
    this.#position = db.prepare(POSITION);
    this.#current = db
      .prepare<unknown[], ListRow>(
        `SELECT s.key, s.revision, h.value FROM state s JOIN history h ON h.revision = s.revision
         WHERE s.key >= ? AND s.key < ? AND s.revision <= ? ORDER BY s.key`,
      )
      .raw();
    this.#count = db
      .prepare<unknown[], number>("SELECT count(*) FROM state WHERE key >= ? AND key < ? AND revision <= ?")
      .pluck();
    this.#changes = db
      .prepare<unknown[], readonly [string, number]>(
        "SELECT key, previous FROM history WHERE revision > ? AND revision <= ? AND key >= ? AND key < ? ORDER BY revision",
      )
      .raw();
    this.#value = db.prepare<[number], string>("SELECT value FROM history WHERE revision = ?").pluck();
    this.#events = db
      .prepare<unknown[], EventRow>(
        `SELECT h.revision, h.key, h.previous, h.value,
           CASE WHEN h.value IS NULL THEN (SELECT p.value FROM history p WHERE p.revision = h.previous) END
         FROM history h WHERE h.revision > ? AND h.revision <= ? AND h.key >= ? AND h.key < ? ORDER BY h.revision`,
      )
      .raw();
    this.#eventsAndBefore = db
      .prepare<unknown[], EventRow>(
        `SELECT h.revision, h.key, h.previous, h.value, p.value
         FROM history h LEFT JOIN history p ON p.revision = h.previous
         WHERE h.revision > ? AND h.revision <= ? AND h.key >= ? AND h.key < ? ORDER BY h.revision`,
      )
      .raw();
  }

  *list(request: Request & { type: "list" }): Generator<void, void, void> {
    yield* this.#snapshot(request.id, request.revision, function* (this: SnapshotReader, newest) {
      const revision = request.revision ?? newest;
      const range = keyRange(request.prefix, request.after);
      // Keys that changed since, and what they were then: history has no index by key, which would cost every write.
      const changed = new Map<string, number>();
      yield* this.#rewind(range, revision, newest, changed);
      const then = [...changed].filter(([, previous]) => previous > 0).sort(([a], [b]) => compareKeys(a, b));
      const limit = request.limit === undefined || request.limit <= 0 ? Number.POSITIVE_INFINITY : request.limit;
      const rows = new RowSender(this.#send, request.id);
      let next = 0;
      let seen = 0;
      let last: string | undefined;
      const add = function* (row: ListRow): Generator<void, void, void> {
        seen++;
        last = row[0];
        if (rows.add(row[0], row[1], row[2])) yield;
      };
      for (const row of this.#current.iterate(range.lower, range.upper, revision)) {
        for (; seen < limit && next < then.length; next++) {
          const [key, previous] = then[next] as [string, number];
          if (compareKeys(key, row[0]) > 0) break;
          yield* add([key, previous, this.#value.get(previous) as string]);
        }
        if (seen >= limit) break;
        yield* add(row);
        if (seen >= limit) break;
      }
      for (; seen < limit && next < then.length; next++) {
        const [key, previous] = then[next] as [string, number];
        yield* add([key, previous, this.#value.get(previous) as string]);
      }
      rows.flush();
      let remaining = 0;
      if (seen >= limit) {
        const rest = keyRange(request.prefix, last);
        remaining = (this.#count.get(rest.lower, rest.upper, revision) ?? 0) + then.length - next;
      }
      this.#send({ type: "done", id: request.id, result: { revision, remaining } });
    });
  }

  /** Fills `changed` with the keys written after `revision` and the revision that each had before (0: none). */
  *#rewind(
    range: KeyRange,
    revision: number,
    newest: number,
    changed: Map<string, number>,
  ): Generator<void, void, void> {
    for (let from = revision; from < newest; from += WINDOW) {
      for (const [key, previous] of this.#changes.iterate(from, from + WINDOW, range.lower, range.upper)) {
        if (!changed.has(key)) changed.set(key, previous);
      }
      yield;
    }
  }

  /** Every event after `from` up to the snapshot, whose revision the answer tells. */
  *replay(request: Request & { type: "replay" }): Generator<void, void, void> {
    yield* this.#snapshot(request.id, request.from, function* (this: SnapshotReader, newest) {
      const range = keyRange(request.prefix);
      const rows = new RowSender(this.#send, request.id);
      for (let from = request.from; from < newest; from += WINDOW) {
        const to = Math.min(newest, from + WINDOW);
        for (const [revision, key, previous, value, last] of this.#events.iterate(from, to, range.lower, range.upper)) {
          const full = rows.add(key, revision, value ?? (last as string), previous, value === null);
          if (full) yield;
        }
        yield;
      }
      rows.flush();
      this.#send({ type: "done", id: request.id, result: { revision: newest, remaining: 0 } });
    });
  }

  /** One step's worth of changes after `from`; the answer tells up to which revision. */
  *changes(request: Request & { type: "changes" }): Generator<void, void, void> {
    yield* this.#snapshot(request.id, request.from, function* (this: SnapshotReader, newest) {
      const { id, to: wanted } = request;
      const range = keyRange(request.prefix);
      const end = Math.min(newest, wanted);
      const rows = new RowSender(this.#send, id);
      for (let from = request.from; from < end; from += WINDOW) {
        const to = Math.min(end, from + WINDOW);
        const found = this.#eventsAndBefore.iterate(from, to, range.lower, range.upper);
        for (const [revision, key, previous, value, before] of found) {
          if (!rows.add(key, revision, value ?? (before as string), previous, value === null, before)) continue;
          this.#send({ type: "done", id, result: { revision, remaining: 0 } });
          return;
        }
        yield;
      }
      rows.flush();
      this.#send({ type: "done", id, result: { revision: Math.max(request.from, end), remaining: 0 } });
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

/** Collects rows and sends a message when a step is full; `add` then says true. */
class RowSender {
  readonly #send: (reply: Reply) => void;
  readonly #id: number;
  #rows = emptyRows();
  #chars = 0;

  constructor(send: (reply: Reply) => void, id: number) {
    this.#send = send;
    this.#id = id;
  }

  add(
    key: string,
    revision: number,
    value: string,
    previous?: number,
    deleted?: boolean,
    before?: string | null,
  ): boolean {
    this.#rows.keys.push(key);
    this.#rows.revisions.push(revision);
    this.#rows.values.push(value);
    if (previous !== undefined) this.#rows.previous.push(previous);
    if (deleted !== undefined) this.#rows.deleted.push(deleted);
    if (before !== undefined) this.#rows.before.push(before);
    this.#chars += value.length + (before?.length ?? 0);
    if (this.#rows.keys.length < STEP_ROWS && this.#chars < STEP_CHARS) return false;
    this.flush();
    return true;
  }

  flush(): void {
    if (this.#rows.keys.length > 0) this.#send({ type: "rows", id: this.#id, rows: this.#rows });
    this.#rows = emptyRows();
    this.#chars = 0;
  }
}

const emptyRows = (): Rows => ({ keys: [], revisions: [], values: [], previous: [], deleted: [], before: [] });
