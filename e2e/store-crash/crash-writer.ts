// The child of store-crash.e2e.ts: writes to the store until it is killed, and says on its IPC channel what was acknowledged.
import { createLogger } from "#pkg/log/index.ts";
import { jsonCodec, openSqliteStore } from "#pkg/store/index.ts";

const WRITERS = 16;
const path = process.argv[2] as string;
const store = await openSqliteStore({
  path,
  codec: jsonCodec<{ n: number; pad: string }>(),
  log: createLogger("error"),
});
const pad = "x".repeat(1600);
let acknowledged: [key: string, revision: number, n: number][] = [];

const say = (): void => {
  process.send?.(acknowledged);
  acknowledged = [];
};

await Promise.all(
  Array.from({ length: WRITERS }, async (_, writer) => {
    for (let i = 0; ; i++) {
      const key = `/crash/${writer}/${i % 5}`;
      const now = await store.get(key);
      const deletes = now !== undefined && i % 7 === 6;
      const n = (now?.value.n ?? 0) + 1;
      const revision = await (deletes
        ? store.delete(key, now.revision)
        : store.put(key, { n, pad }, now?.revision ?? 0));
      acknowledged.push([key, revision, deletes ? 0 : n]);
      if (acknowledged.length >= WRITERS) say();
      if (i % 100 === 99 && writer === 0) void store.compact(store.revision - 500).catch(() => {});
    }
  }),
);
