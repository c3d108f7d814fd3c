// What tests of the conformance suite's statements start from: a cluster with every admission plugin, and controllers.
import type { TestContext } from "node:test";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import { namespaces, serviceaccounts } from "#pkg/api/types/core-v1.ts";
import { until } from "#pkg/async/index.ts";
import { type ApiRequest, type Client, createClient, type PatchType } from "#pkg/client/index.ts";
import { CONTROLLERS } from "#pkg/controllers/registry.ts";
import { runControllers } from "#pkg/controllers/manager.ts";
import { createLogger } from "#pkg/log/index.ts";
import { builtinAdmissionPlugins } from "../admission/plugins/index.ts";
import { startTestServer, type TestServer } from "../testing.ts";

/** An object of any kind, read without its type. */
export type Loose = KubeObject & Record<string, any>; // oxlint-disable-line no-explicit-any -- kinds differ

/** The namespace of the statements' objects. */
export const NAMESPACE = "ns";
export const MERGE = "application/merge-patch+json";

export interface Cluster {
  readonly test: TestServer;
  readonly client: Client;
  readonly send: (
    method: ApiRequest["method"],
    path: string,
    body?: unknown,
    query?: ApiRequest["query"],
  ) => Promise<Loose>;
  readonly patch: (path: string, body: unknown, contentType?: PatchType) => Promise<Loose>;
  readonly namesOf: (path: string, query?: ApiRequest["query"]) => Promise<string[]>;
  /** Waits for a condition on the cluster, at most ten seconds. */
  readonly eventually: <T>(what: string, probe: () => Promise<T | undefined | false>) => Promise<T>;
}

/** With the namespace "ns" and its default service account; `controllers` run without an election until the test ends. */
export async function startCluster(
  t: Pick<TestContext, "after">,
  controllers: readonly string[] = [],
): Promise<Cluster> {
  const test = await startTestServer(undefined, {
    admission: (parts) => builtinAdmissionPlugins({ ...parts, client: () => client }),
  });
  const client = createClient(test.transport);
  await client.create(namespaces, { metadata: { name: NAMESPACE }, spec: {} });
  await client.create(serviceaccounts, { metadata: { name: "default", namespace: NAMESPACE } });
  const entries = CONTROLLERS.filter(({ name }) => controllers.includes(name));
  if (entries.length !== controllers.length) throw new Error(`Not all are controllers: ${controllers.join(", ")}`);
  const stop = new AbortController();
  const running = runControllers({ client, log: createLogger("silent"), options: {} }, entries, stop.signal);
  t.after(async () => {
    stop.abort();
    await running;
    await test.close();
  });
  const send: Cluster["send"] = async (method, path, body, query = {}) =>
    (await test.transport.request({ method, path, query, ...(body === undefined ? {} : { body }) })) as Loose;
  return {
    test,
    client,
    send,
    patch: async (path, body, contentType = MERGE) =>
      (await test.transport.request({ method: "PATCH", path, contentType, body })) as Loose,
    namesOf: async (path, query) =>
      ((await send("GET", path, undefined, query))["items"] as Loose[]).map((each) => each.metadata.name),
    eventually: (what, probe) => until(probe, { what, timeoutMs: 10_000, intervalMs: 5 }),
  };
}

/** The spec of a pod that is never run. */
export const podSpec = (more: object = {}): object => ({ containers: [{ name: "c", image: "i", ...more }] });

/** The spec of a workload whose pods have the label app=NAME. */
export const workloadSpec = (name: string, replicas: number, matchLabels = true): object => ({
  replicas,
  selector: matchLabels ? { matchLabels: { app: name } } : { app: name },
  template: { metadata: { labels: { app: name } }, spec: podSpec() },
});
