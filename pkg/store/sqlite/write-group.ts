import type { Connection } from "./database.ts";
import type { Batch, Committed } from "./protocol.ts";

/** Commits groups of compare-and-swap writes, each group in one transaction. */
export class GroupWriter {
  #revision: number;
  readonly #commit: (batches: readonly Batch[]) => Committed;

  constructor(db: Connection, revision: number) {
    this.#revision = revision;
    const create = db.prepare<[string, number]>("INSERT INTO state VALUES (?, ?) ON CONFLICT DO NOTHING");
    const update = db.prepare<[number, string, number]>("UPDATE state SET revision = ? WHERE key = ? AND revision = ?");
    const remove = db.prepare<[string, number]>("DELETE FROM state WHERE key = ? AND revision = ?");
    const append = db.prepare<[number, string, number, string | null]>("INSERT INTO history VALUES (?, ?, ?, ?)");
    const actual = db.prepare<[string], number>("SELECT revision FROM state WHERE key = ?").pluck();
    const value = db.prepare<[number], string>("SELECT value FROM history WHERE revision = ?").pluck();

    const writeAll = (batches: readonly Batch[]): Committed => {
      const results: number[] = [];
      const deleted: string[] = [];
      let next = this.#revision + 1;
      for (const { keys, values, expected } of batches) {
        for (let i = 0; i < keys.length; i++) {
          const key = keys[i] as string;
          const text = values[i] as string | null;
          const was = expected[i] as number;
          let changes: number;
          if (text === null) changes = was === 0 ? 0 : remove.run(key, was).changes;
          else if (was === 0) changes = create.run(key, next).changes;
          else changes = update.run(next, key, was).changes;
          if (changes === 0) {
            results.push(-1 - (actual.get(key) ?? 0));
            continue;
          }
          append.run(next, key, was, text);
          if (text === null) deleted.push(value.get(was) as string);
          results.push(next++);
        }
      }
      return { type: "committed", results, deleted };
    };
    const transaction = db.transaction(writeAll);
    this.#commit = (batches) => transaction.immediate(batches);
  }

  get revision(): number {
    return this.#revision;
  }

  /** Writes what can be written; a conflict touches only its own write. Throws, and then nothing happened, when the disk refuses. */
  commit(batches: readonly Batch[]): Committed {
    const committed = this.#commit(batches);
    for (let i = committed.results.length - 1; i >= 0; i--) {
      const result = committed.results[i] as number;
      if (result <= 0) continue;
      this.#revision = result;
      break;
    }
    return committed;
  }
}
