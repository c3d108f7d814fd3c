import { until } from "#pkg/async/index.ts";
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
} from "#pkg/api/types/apiextensions-v1.ts";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import type { Transport } from "#pkg/client/types.ts";
import { isNotFound } from "#pkg/errors/index.ts";

export const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/** A CRD "<plural>.<group>" whose versions know a `spec` of any content. */
export function crdOf(
  plural: string,
  kind: string,
  changes: Partial<Omit<CustomResourceDefinitionSpec, "names">> & {
    readonly names?: Partial<CustomResourceDefinitionSpec["names"]>;
  } = {},
): object {
  const group = changes.group ?? "stable.example.com";
  return {
    kind: "CustomResourceDefinition",
    apiVersion: "apiextensions.k8s.io/v1",
    metadata: { name: `${plural}.${group}` },
    spec: {
      scope: "Namespaced",
      versions: [versionOf("v1", { storage: true })],
      ...changes,
      group,
      names: { plural, kind, ...changes.names },
    },
  };
}

export function versionOf(
  name: string,
  changes: Readonly<Record<string, unknown>> = {},
): CustomResourceDefinitionVersion {
  return {
    name,
    served: true,
    storage: false,
    schema: {
      openAPIV3Schema: {
        type: "object",
        properties: { spec: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    },
    ...changes,
  };
}

/** Creates the CRD and waits until it is established. */
export async function establish(transport: Transport, crd: object): Promise<CustomResourceDefinition> {
  const { metadata } = (await transport.request({ method: "POST", path: CRDS, body: crd })) as KubeObject;
  return until(
    async () => {
      const now = await getCrd(transport, metadata.name);
      return now !== undefined && conditionOf(now, "Established")?.status === "True" && now;
    },
    { timeoutMs: 15_000, intervalMs: 5, what: `${metadata.name} established` },
  );
}

export async function getCrd(transport: Transport, name: string): Promise<CustomResourceDefinition | undefined> {
  try {
    return (await transport.request({ method: "GET", path: `${CRDS}/${name}` })) as CustomResourceDefinition;
  } catch (err) {
    if (isNotFound(err)) return undefined;
    throw err;
  }
}

export function conditionOf(crd: CustomResourceDefinition, type: string) {
  return crd.status?.conditions?.find((each) => each.type === type);
}
