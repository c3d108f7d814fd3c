import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "#pkg/log/index.ts";
import { storeConformance } from "../conformance.ts";
import { openSqliteStore } from "./open.ts";

const dir = mkdtemp(join(tmpdir(), "minik-store-"));

storeConformance("SQLite", {
  open: async (place, codec) =>
    openSqliteStore({ path: join(await dir, place, "state.db"), codec, log: createLogger("silent") }),
  cleanUp: async () => rm(await dir, { recursive: true }),
});
