/**
 * What the API server's thread and the SQLite thread say to each other. Strings and numbers in flat arrays: structured
 * clone copies those several times faster than an object per write.
 */

/** The first message to a thread. */
export interface Start {
  readonly role: "store" | "checkpoint";
  readonly path: string;
  readonly nativeBinding: string | undefined;
  readonly maxSizeBytes: number | undefined;
}

/** Everything that was asked in one turn. The writes come first; entry i of each array belongs to write i. */
export interface Batch {
  readonly keys: string[];
  /** The new value; null deletes. */
  readonly values: (string | null)[];
  readonly expected: number[];
  readonly requests: Request[];
}

export type Request =
  | { readonly type: "get"; readonly id: number; readonly key: string }
  | {
      readonly type: "list";
      readonly id: number;
      readonly prefix: string;
      readonly revision: number | undefined;
      readonly after: string | undefined;
      readonly limit: number | undefined;
    }
  | { readonly type: "replay"; readonly id: number; readonly prefix: string; readonly from: number }
  | {
      readonly type: "changes";
      readonly id: number;
      readonly prefix: string;
      readonly from: number;
      readonly to: number;
    }
  | { readonly type: "compact"; readonly id: number; readonly revision: number }
  | { readonly type: "stats"; readonly id: number }
  | { readonly type: "close"; readonly id: number };

export interface Stats {
  readonly sizeBytes: number;
  readonly walBytes: number;
  readonly keys: number;
}

/**
 * Rows of a list, or events of a replay (then `previous` and `deleted` are filled), or changes (then `before` is too:
 * the value that was replaced).
 */
export interface Rows {
  readonly keys: string[];
  readonly revisions: number[];
  readonly values: string[];
  readonly previous: number[];
  readonly deleted: boolean[];
  readonly before: (string | null)[];
}

export type Reply =
  | { readonly type: "ready"; readonly revision: number; readonly compacted: number }
  | { readonly type: "openFailed"; readonly code: string; readonly message: string }
  | Committed
  /** The oldest `count` waiting writes did not happen. */
  | { readonly type: "writesFailed"; readonly count: number; readonly message: string }
  | { readonly type: "rows"; readonly id: number; readonly rows: Rows }
  | { readonly type: "done"; readonly id: number; readonly result: Result }
  | { readonly type: "failed"; readonly id: number; readonly message: string }
  | { readonly type: "compactedAway"; readonly id: number; readonly revision: number; readonly compacted: number }
  | { readonly type: "compacted"; readonly compacted: number }
  /** Writers leave no quiet moment: the helper thread shall checkpoint. */
  | { readonly type: "checkpointWanted" };

/** The answer to the oldest `results.length` waiting writes. */
export interface Committed {
  readonly type: "committed";
  /** The write's revision; or, for a conflict, -1 - the key's revision. */
  readonly results: number[];
  /** The last values of the keys deleted, in order. */
  readonly deleted: string[];
}

export type Result =
  | undefined
  | { readonly revision: number; readonly value: string }
  | { readonly revision: number; readonly remaining: number }
  | Stats;
