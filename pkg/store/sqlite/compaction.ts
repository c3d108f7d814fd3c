import type { Connection } from "./database.ts";
import { POSITION } from "./read.ts";

/** Revisions swept, and pages given back, in one transaction: about a millisecond, the most that a write waits for it. */
const STEP_REVISIONS = 256;
const STEP_PAGES = 64;
/** Free pages kept for the next writes, beside a quarter of the file. */
const SPARE_PAGES = 256;

/**
 * Forgets history. First `compacted` moves, at once; then rows are swept step by step. `swept` says how far that came,
 * so a restart goes on there. Every row names the revision it replaced, so one look at each new row finds all that is
 * superseded; a deletion goes itself.
 */
export class Compactor {
  readonly #db: Connection;
  #compacted: number;

  constructor(db: Connection) {
    this.#db = db;
    this.#compacted = (db.prepare(POSITION).get() as { compacted: number }).compacted;
  }

  get compacted(): number {
    return this.#compacted;
  }

  /** Moves the compacted revision forward, never past the newest. */
  compactTo(revision: number, newest: number): void {
    const to = Math.min(revision, newest);
    if (to <= this.#compacted) return;
    this.#db.prepare("UPDATE meta SET value = ? WHERE name = 'compacted'").run(to);
    this.#compacted = to;
  }

  /** Sweeps up to the compacted revision, then shrinks the file; each `next()` is one short transaction. */
  *sweep(): Generator<void, void, void> {
    const db = this.#db;
    const swept = db.prepare<[], number>("SELECT value FROM meta WHERE name = 'swept'").pluck();
    const bounds = "revision > ? AND revision <= ?";
    const superseded = db.prepare(
      `DELETE FROM history WHERE revision IN (SELECT previous FROM history WHERE ${bounds} AND previous > 0)`,
    );
    const deletions = db.prepare(`DELETE FROM history WHERE ${bounds} AND value IS NULL`);
    const progress = db.prepare("UPDATE meta SET value = ? WHERE name = 'swept'");
    const step = db.transaction((from: number, to: number) => {
      superseded.run(from, to);
      deletions.run(from, to);
      progress.run(to);
    });
    for (let from = swept.get() ?? 0; from < this.#compacted; ) {
      const to = Math.min(this.#compacted, from + STEP_REVISIONS);
      step.immediate(from, to);
      from = to;
      yield;
    }
    const pages = (name: string): number => Number(db.pragma(name, { simple: true }));
    for (;;) {
      const spare = SPARE_PAGES + Math.floor(pages("page_count") / 4);
      if (pages("freelist_count") <= spare) return;
      db.pragma(`incremental_vacuum(${STEP_PAGES})`);
      yield;
    }
  }
}
