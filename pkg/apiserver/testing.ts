import type { TestContext } from "node:test";
import type { Transport } from "#pkg/client/types.ts";
import { createLogger } from "#pkg/log/index.ts";
import { openTestStore, type Store } from "#pkg/store/index.ts";
import { type ApiServer, type ApiServerOptions, createApiServer } from "./api-server.ts";
import { type Stored, storedCodec } from "./cache/index.ts";
import type { UserInfo } from "./types.ts";

export interface TestServer {
  readonly server: ApiServer;
  readonly store: Store<Stored>;
  /** As an administrator. */
  readonly transport: Transport;
  /** Calls back before everything is closed. */
  onClose(cleanUp: () => void): void;
  /** Closes everything and removes the store; done by itself when the test ends. */
  close(): Promise<void>;
}

export const ADMIN: UserInfo = { name: "admin", groups: ["system:masters", "system:authenticated"] };

/** A real API server on a real store in a temporary folder, both in this thread, ended with the test `t`. */
export async function startTestServer(
  t?: Pick<TestContext, "after">,
  options: Partial<ApiServerOptions> = {},
): Promise<TestServer> {
  const cleanUps: (() => Promise<void> | void)[] = [];
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= (async () => {
      for (const cleanUp of cleanUps) await cleanUp();
    })();
    return closed;
  };
  t?.after(close);
  const store = await openTestStore({ after: (cleanUp) => cleanUps.unshift(cleanUp) }, storedCodec);
  const server = await createApiServer({ store, log: createLogger("silent"), ...options });
  cleanUps.unshift(() => server.close());
  const onClose = (cleanUp: () => void): void => void cleanUps.unshift(cleanUp);
  return { server, store, transport: server.transport(ADMIN), onClose, close };
}
