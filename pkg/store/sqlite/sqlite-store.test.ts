import { rm } from "node:fs/promises";
import { join } from "node:path";
import { createLogger } from "#pkg/log/index.ts";
import { storeConformance } from "../conformance.ts";
import { makeStoreFolder } from "../test-store.ts";
import { openSqliteStore } from "./open.ts";

const dir = makeStoreFolder();

storeConformance("SQLite", {
  open: async (place, codec) =>
    openSqliteStore({ path: join(await dir, place, "state.db"), codec, log: createLogger("silent") }),
  cleanUp: async () => rm(await dir, { recursive: true }),
});
