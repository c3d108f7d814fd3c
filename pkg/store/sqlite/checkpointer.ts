import type { Connection } from "./database.ts";

/** WAL pages (of 4 KB) not yet in the database that are worth a checkpoint: about 5 ms of work. */
const WORTH_PAGES = 1000;
/** So many mean that writers leave no quiet moment: another thread takes over. */
const BUSY_PAGES = 2000;
/** A WAL of this length starts again from its beginning as soon as little of it is left to move. */
const RESTART_PAGES = 4000;
/** The end: here writers wait for a checkpoint, so that the WAL has a bound. */
const BOUND_PAGES = 32_000;
/** How long no write may have come before a checkpoint is in nobody's way. */
const QUIET_MS = 20;
/** The WAL's length is asked for once in so many groups, because that costs as much as a write. */
const CHECK_GROUPS = 16;

/**
 * Decides when the WAL is moved into the database, and by whom. A quiet store does it here between two writes. Under
 * load a helper thread does the bulk while commits go on; but SQLite starts the WAL anew only when all of it was moved,
 * and the helper never catches the last commit, so the short rest is done here.
 */
export class Checkpointer {
  readonly #db: Connection;
  readonly #askHelper: () => void;
  #groups = 0;
  #timer: NodeJS.Timeout | undefined;
  /** How much had been moved when the helper was asked; undefined when it is not at work. */
  #helperFrom: number | undefined;

  constructor(db: Connection, askHelper: () => void) {
    this.#db = db;
    this.#askHelper = askHelper;
  }

  afterGroup(): void {
    this.#timer?.refresh();
    if (++this.#groups < CHECK_GROUPS) return;
    this.#groups = 0;
    const { log, moved } = this.#wal();
    const behind = log - moved;
    if (this.#helperFrom !== moved) this.#helperFrom = undefined;
    if (log >= BOUND_PAGES || (behind < WORTH_PAGES && log >= RESTART_PAGES)) {
      this.#checkpoint("PASSIVE");
    } else if (behind >= BUSY_PAGES && this.#helperFrom === undefined) {
      this.#helperFrom = moved;
      this.#askHelper();
    } else if (behind >= WORTH_PAGES) {
      this.#timer ??= setTimeout(() => this.relieve(), QUIET_MS);
    }
  }

  /** Moves everything, and cuts the WAL to nothing. */
  finish(): void {
    this.#checkpoint("TRUNCATE");
  }

  #wal(): { log: number; moved: number } {
    const [row] = this.#db.pragma("wal_checkpoint(NOOP)") as { log: number; checkpointed: number }[];
    return { log: row?.log ?? 0, moved: row?.checkpointed ?? 0 };
  }

  /** Tries at once, and never throws. */
  relieve(): void {
    try {
      this.#checkpoint("PASSIVE");
    } catch {
      // The disk refused: the WAL keeps everything, and the next checkpoint moves it.
    }
  }

  #checkpoint(mode: "PASSIVE" | "TRUNCATE"): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#db.pragma(`wal_checkpoint(${mode})`);
  }
}
