import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "#pkg/log/index.ts";
import { openSqliteStore } from "./sqlite/open.ts";
import type { Codec, Store } from "./types.ts";

/** A store of JSON values for unit tests, closed and removed with the test: `const store = await openTestStore<Pod>(t)`. */
export async function openTestStore<T>(
  t: { after(cleanUp: () => Promise<void>): void },
  codec: Codec<T> = jsonCodec<T>(),
): Promise<Store<T>> {
  const dir = await mkdtemp(join(tmpdir(), "minik-store-"));
  const store = await openSqliteStore({ path: join(dir, "state.db"), codec, log: createLogger("silent") });
  t.after(async () => {
    await store.close();
    await rm(dir, { recursive: true });
  });
  return store;
}

/** Values as they are, in JSON. */
export function jsonCodec<T>(): Codec<T> {
  return { encode: (value) => JSON.stringify(value), decode: (text) => JSON.parse(text) as T };
}
