// What policy tests start from: a cluster with every admission plugin, policies and bindings by a few words.
import type { TestContext } from "node:test";
import { builtinDefinitions } from "#pkg/api/schema/load.ts";
import { configmaps, namespaces, serviceaccounts } from "#pkg/api/types/core-v1.ts";
import { deployments } from "#pkg/api/types/apps-v1.ts";
import {
  mutatingadmissionpolicies,
  mutatingadmissionpolicybindings,
  validatingadmissionpolicies,
  validatingadmissionpolicybindings,
} from "#pkg/api/types/admissionregistration-v1.ts";
import { type Client, createClient } from "#pkg/client/index.ts";
import { startTestServer, type TestServer } from "../../testing.ts";
import { builtinAdmissionPlugins } from "../plugins/index.ts";

export type Loose = Record<string, unknown>;

export interface PolicyCluster {
  readonly test: TestServer;
  readonly client: Client;
  readonly configMap: (name: string, data?: Record<string, string>, metadata?: Loose) => Promise<any>; // oxlint-disable-line no-explicit-any -- tests look into objects
  readonly deployment: (name: string, replicas: number, metadata?: Loose) => Promise<any>; // oxlint-disable-line no-explicit-any -- tests look into objects
  /** A validating policy "NAME" about `resource` with a binding "NAME-binding". */
  readonly validate: (name: string, spec: Loose, binding?: Loose) => Promise<void>;
  readonly mutate: (name: string, spec: Loose, binding?: Loose) => Promise<void>;
}

export const matching = (resource: string, group = "", more: Loose = {}): Loose => ({
  resourceRules: [
    { apiGroups: [group], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: [resource], ...more },
  ],
});

/** With the namespaces "d" and "other", and the default service account in "d". */
export async function startPolicyCluster(t: Pick<TestContext, "after">): Promise<PolicyCluster> {
  const test = await startTestServer(t, {
    definitions: builtinDefinitions(),
    admission: (parts) => builtinAdmissionPlugins({ ...parts, client: () => client }),
  });
  const client = createClient(test.transport);
  const create = async (ref: unknown, body: object): Promise<Loose> =>
    (await client.create(ref as never, body as never)) as unknown as Loose;
  await create(namespaces, { metadata: { name: "d", labels: { team: "a" } } });
  await create(namespaces, { metadata: { name: "other" } });
  await create(serviceaccounts, { metadata: { name: "default", namespace: "d" } });
  const labels = { app: "a" };
  return {
    test,
    client,
    configMap: (name, data = {}, metadata = {}) =>
      create(configmaps, { metadata: { name, namespace: "d", ...metadata }, data }),
    deployment: (name, replicas, metadata = {}) =>
      create(deployments, {
        metadata: { name, namespace: "d", ...metadata },
        spec: {
          replicas,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: [{ name: "c", image: "i" }] } },
        },
      }),
    validate: async (name, spec, binding = {}) => {
      await create(validatingadmissionpolicies, {
        metadata: { name },
        spec: { matchConstraints: matching("configmaps"), ...spec },
      });
      await create(validatingadmissionpolicybindings, {
        metadata: { name: `${name}-binding` },
        spec: { policyName: name, validationActions: ["Deny"], ...binding },
      });
    },
    mutate: async (name, spec, binding = {}) => {
      await create(mutatingadmissionpolicies, {
        metadata: { name },
        spec: { matchConstraints: matching("configmaps"), reinvocationPolicy: "Never", ...spec },
      });
      await create(mutatingadmissionpolicybindings, {
        metadata: { name: `${name}-binding` },
        spec: { policyName: name, ...binding },
      });
    },
  };
}
