import type { Connection } from "./database.ts";

/** WAL pages worth a checkpoint, and the most there may be: 4 MB and 32 MB. */
const WORTH_PAGES = 1000;
const BOUND_PAGES = 8000;
/** How long no write may have come before the checkpoint is off anybody's path. */
const QUIET_MS = 20;
/** The WAL's length is asked for once in so many groups: that costs as much as a write. */
const CHECK_GROUPS = 16;

/** Moves the WAL into the database when writers are quiet, and at the bound even when they are not. */
export class Checkpointer {
  readonly #db: Connection;
  #groups = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(db: Connection) {
    this.#db = db;
  }

  afterGroup(): void {
    if (this.#timer !== undefined) this.#timer.refresh();
    if (++this.#groups < CHECK_GROUPS) return;
    this.#groups = 0;
    const pages = this.#waiting();
    if (pages >= BOUND_PAGES) this.#checkpoint("PASSIVE");
    else if (pages >= WORTH_PAGES) this.#timer ??= setTimeout(() => this.#whenQuiet(), QUIET_MS);
  }

  /** Everything, and cuts the WAL to nothing. */
  finish(): void {
    this.#checkpoint("TRUNCATE");
  }

  /** WAL pages that are not in the database yet. */
  #waiting(): number {
    const [row] = this.#db.pragma("wal_checkpoint(NOOP)") as { log: number; checkpointed: number }[];
    return row === undefined ? 0 : row.log - row.checkpointed;
  }

  #whenQuiet(): void {
    this.#timer = undefined;
    this.#checkpoint("PASSIVE");
  }

  #checkpoint(mode: "PASSIVE" | "TRUNCATE"): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#db.pragma(`wal_checkpoint(${mode})`);
  }
}
