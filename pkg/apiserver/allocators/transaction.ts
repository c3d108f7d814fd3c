import type { HookTransaction } from "../types.ts";

/** What to undo when the write fails, and what to do once it is in the store. */
export class Transaction implements HookTransaction {
  readonly #onCommit: (() => void)[] = [];
  readonly #onRollback: (() => void)[] = [];

  onCommit(action: () => void): void {
    this.#onCommit.push(action);
  }
  onRollback(action: () => void): void {
    this.#onRollback.push(action);
  }
  commit(): void {
    for (const action of this.#onCommit) action();
  }
  rollback(): void {
    for (const action of this.#onRollback.toReversed()) action();
  }
}
