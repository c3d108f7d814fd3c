// What webhook tests start from: a cluster with every admission plugin, and configurations for a fixture's webhooks.
import type { TestContext } from "node:test";
import type { ResourceDefinition } from "#pkg/api/definition.ts";
import { builtinDefinitions } from "#pkg/api/schema/load.ts";
import {
  mutatingwebhookconfigurations,
  validatingwebhookconfigurations,
} from "#pkg/api/types/admissionregistration-v1.ts";
import { configmaps, namespaces, pods, serviceaccounts } from "#pkg/api/types/core-v1.ts";
import { type Client, createClient } from "#pkg/client/index.ts";
import type { ApiServerOptions } from "../../api-server.ts";
import { startTestServer, type TestServer } from "../../testing.ts";
import type { TestWebhook } from "../../webhook/testing.ts";
import { builtinAdmissionPlugins } from "../plugins/index.ts";

type Loose = Record<string, unknown>;

export interface TestCluster {
  readonly test: TestServer;
  readonly client: Client;
  readonly configMap: (name: string, data?: Record<string, string>, metadata?: Loose) => Promise<Loose>;
  readonly pod: (name: string, spec?: Loose) => Promise<Loose>;
  /** Registers webhooks; `hooks` are merged into what every webhook needs. */
  readonly register: (kind: "Mutating" | "Validating", name: string, ...hooks: Loose[]) => Promise<Loose>;
}

/** With the namespace "d" and its default service account. */
export async function startTestCluster(
  t: Pick<TestContext, "after">,
  hook: Pick<TestWebhook, "clientConfig">,
  more: readonly ResourceDefinition[] = [],
  options: Partial<ApiServerOptions> = {},
): Promise<TestCluster> {
  const test = await startTestServer(t, {
    ...options,
    definitions: [...builtinDefinitions(), ...more],
    admission: (parts) => builtinAdmissionPlugins({ ...parts, client: () => client }),
  });
  const client = createClient(test.transport);
  await client.create(namespaces, { metadata: { name: "d" } } as never);
  await client.create(serviceaccounts, { metadata: { name: "default", namespace: "d" } } as never);
  const create = async (ref: never, body: object): Promise<Loose> => (await client.create(ref, body as never)) as Loose;
  return {
    test,
    client,
    configMap: (name, data = {}, metadata = {}) =>
      create(configmaps as never, { metadata: { name, namespace: "d", ...metadata }, data }),
    pod: (name, spec = {}) =>
      create(pods as never, {
        metadata: { name, namespace: "d" },
        spec: { containers: [{ name: "c", image: "i" }], ...spec },
      }),
    register: (kind, name, ...hooks) =>
      create((kind === "Mutating" ? mutatingwebhookconfigurations : validatingwebhookconfigurations) as never, {
        metadata: { name },
        webhooks: hooks.map((each, i) => ({
          name: `h${i}.${name}.test`,
          clientConfig: hook.clientConfig(`/${name}`),
          rules: [ruleFor("configmaps")],
          sideEffects: "None",
          admissionReviewVersions: ["v1"],
          ...each,
        })),
      }),
  };
}

export const ruleFor = (resource: string, ...operations: string[]): Loose => ({
  operations: operations.length === 0 ? ["CREATE"] : operations,
  apiGroups: ["*"],
  apiVersions: ["*"],
  resources: [resource],
});

/** An AdmissionReview that answers another; allowed unless told. */
export function verdict(review: { apiVersion: string; request: { uid: string } }, response: Loose = {}): object {
  return {
    apiVersion: review.apiVersion,
    kind: "AdmissionReview",
    response: { uid: review.request.uid, allowed: true, ...response },
  };
}

export const jsonPatch = (...operations: object[]): Loose => ({
  patchType: "JSONPatch",
  patch: Buffer.from(JSON.stringify(operations)).toString("base64"),
});
