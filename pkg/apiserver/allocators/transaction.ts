import type { HookTransaction } from "../types.ts";

type Action = () => void | Promise<void>;

/** What to write with the object, what to undo when its write fails, and what to do once it is in the store. */
export class Transaction implements HookTransaction {
  readonly #onWriting: (() => Promise<void>)[] = [];
  readonly #onCommit: Action[] = [];
  readonly #onRollback: Action[] = [];
  /** The writes that went along; undefined while the object was not handed to the store. */
  #written: Promise<void>[] | undefined;

  onWriting(action: () => Promise<void>): void {
    this.#onWriting.push(action);
  }
  onCommit(action: Action): void {
    this.#onCommit.push(action);
  }
  onRollback(action: Action): void {
    this.#onRollback.push(action);
  }
  /** Whether there is something in the store to undo. */
  get hasWritten(): boolean {
    return this.#written !== undefined;
  }

  writing(): void {
    this.#written = this.#onWriting.map((action) => action());
  }
  async commit(): Promise<void> {
    await Promise.all([...(this.#written ?? []), ...this.#onCommit.map((action) => action())]);
  }
  async rollback(): Promise<void> {
    await Promise.all(this.#written ?? []);
    for (const action of this.#onRollback.toReversed()) await action();
  }
}
