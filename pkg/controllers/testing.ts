import type { TestContext } from "node:test";
import { until } from "#pkg/async/index.ts";
import { startTestServer } from "#pkg/apiserver/testing.ts";
import { type Client, createClient } from "#pkg/client/index.ts";
import { createLogger } from "#pkg/log/index.ts";
import { runControllers } from "./manager.ts";
import { CONTROLLERS, type ControllerOptions } from "./registry.ts";

export interface ControllerTest {
  readonly client: Client;
  /** Waits for a condition on the cluster, at most ten seconds. */
  readonly eventually: <T>(what: string, probe: () => Promise<T | undefined | false>) => Promise<T>;
}

/** A real API server and the named controllers on it, without an election; ended with the test. */
export async function startControllers(
  t: Pick<TestContext, "after">,
  names: readonly string[],
  options: ControllerOptions & { readonly now?: () => number } = {},
): Promise<ControllerTest> {
  const server = await startTestServer();
  const client = createClient(server.transport);
  const stop = new AbortController();
  const entries = CONTROLLERS.filter(({ name }) => names.includes(name));
  if (entries.length !== names.length) throw new Error(`Some of these controllers do not exist: ${names.join(", ")}`);
  const log = createLogger((process.env["MINIK_TEST_LOG"] as "debug" | undefined) ?? "silent");
  const { now, ...rest } = options;
  const running = runControllers(
    { client, log, options: rest, ...(now === undefined ? {} : { now }) },
    entries,
    stop.signal,
  );
  t.after(async () => {
    stop.abort();
    await running;
    await server.close();
  });
  return {
    client,
    eventually: (what, probe) => until(probe, { what, timeoutMs: 10_000, intervalMs: 5 }),
  };
}
