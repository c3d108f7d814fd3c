import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Transport } from "#pkg/client/types.ts";
import { createLogger } from "#pkg/log/index.ts";
import { openSqliteStore, type Store } from "#pkg/store/index.ts";
import { type ApiServer, type ApiServerOptions, createApiServer } from "./api-server.ts";
import { type Stored, storedCodec } from "./cache/index.ts";
import type { UserInfo } from "./types.ts";

export interface TestServer {
  readonly server: ApiServer;
  readonly store: Store<Stored>;
  /** As an administrator. */
  readonly transport: Transport;
  /** Closes everything and removes the store; done by itself when the test ends. */
  close(): Promise<void>;
}

export const ADMIN: UserInfo = { name: "admin", groups: ["system:masters", "system:authenticated"] };

/** A real API server on a real store in a temporary folder, ended with the test `t`. */
export async function startTestServer(
  t?: Pick<TestContext, "after">,
  options: Partial<ApiServerOptions> = {},
): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), "minik-apiserver-"));
  const log = createLogger("silent");
  const store = await openSqliteStore({ path: join(folder, "state.db"), codec: storedCodec, log });
  const server = await createApiServer({ store, log, ...options });
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= (async () => {
      await server.close();
      await store.close();
      await rm(folder, { recursive: true, force: true });
    })();
    return closed;
  };
  t?.after(close);
  return { server, store, transport: server.transport(ADMIN), close };
}
