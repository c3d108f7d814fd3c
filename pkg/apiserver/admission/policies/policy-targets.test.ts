import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "#pkg/async/index.ts";
import { customresourcedefinitions } from "#pkg/api/types/apiextensions-v1.ts";
import { horizontalpodautoscalers as autoscalersV1 } from "#pkg/api/types/autoscaling-v1.ts";
import { deployments } from "#pkg/api/types/apps-v1.ts";
import { namespaces } from "#pkg/api/types/core-v1.ts";
import type { ResourceRef } from "#pkg/api/resource-ref.ts";
import { matching, startPolicyCluster } from "./testing.ts";

// oxlint-disable-next-line no-explicit-any -- a custom kind
const widgets: ResourceRef<any> = {
  group: "x.io",
  version: "v1",
  kind: "Widget",
  plural: "widgets",
  namespaced: true,
} as never;

describe("admission policies", () => {
  it("see custom resources, also as parameters, when a CustomResourceDefinition defines them", async (t) => {
    const { client, validate, mutate } = await startPolicyCluster(t);
    await client.create(customresourcedefinitions, {
      metadata: { name: "widgets.x.io" },
      spec: {
        group: "x.io",
        scope: "Namespaced",
        names: { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" },
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: {
                type: "object",
                properties: {
                  spec: {
                    type: "object",
                    properties: {
                      size: { type: "integer" },
                      parts: {
                        type: "array",
                        items: {
                          type: "object",
                          properties: { id: { type: "string" }, n: { type: "integer" } },
                          required: ["id"],
                        },
                        "x-kubernetes-list-type": "map",
                        "x-kubernetes-list-map-keys": ["id"],
                      },
                    },
                  },
                },
              },
            },
          },
        ],
      },
    } as never);
    // oxlint-disable-next-line no-explicit-any -- tests look into objects
    const create = (name: string, spec: object): Promise<any> =>
      client.create(widgets, { metadata: { name, namespace: "d" }, spec } as never);
    await until(async () => (await create("limit", { size: 3 }).catch(() => undefined)) !== undefined, {
      what: "the resource",
      timeoutMs: 5000,
      intervalMs: 5,
    });
    await validate(
      "sizes",
      {
        matchConstraints: matching("widgets", "x.io"),
        paramKind: { apiVersion: "x.io/v1", kind: "Widget" },
        validations: [{ expression: "object.spec.size <= params.spec.size", message: "too big" }],
      },
      { paramRef: { selector: {}, namespace: "d", parameterNotFoundAction: "Allow" } },
    );
    await assert.rejects(create("big", { size: 4 }), /'sizes' with binding 'sizes-binding' denied request: too big/);
    await mutate("parts", {
      matchConstraints: matching("widgets", "x.io"),
      mutations: [
        {
          patchType: "ApplyConfiguration",
          applyConfiguration: {
            expression:
              "Object{spec: Object.spec{parts: [Object.spec.parts{id: 'b', n: 2}, Object.spec.parts{id: 'c'}]}}",
          },
        },
      ],
    });
    const made = await create("small", { size: 1, parts: [{ id: "a" }, { id: "b", n: 1 }] });
    assert.deepEqual(made.spec.parts, [{ id: "a" }, { id: "b", n: 2 }, { id: "c" }]);
  });

  it("see other versions when matchPolicy is Equivalent", async (t) => {
    const { client, validate } = await startPolicyCluster(t);
    const rule = {
      apiGroups: ["autoscaling"],
      apiVersions: ["v2"],
      operations: ["CREATE"],
      resources: ["horizontalpodautoscalers"],
    };
    await validate("v2", {
      matchConstraints: { resourceRules: [rule] },
      validations: [
        {
          expression: "object.apiVersion != 'autoscaling/v2'",
          messageExpression: "string(object.spec.metrics[0].resource.name)",
        },
      ],
    });
    const spec = {
      scaleTargetRef: { kind: "Deployment", name: "d" },
      maxReplicas: 3,
      targetCPUUtilizationPercentage: 50,
    };
    await assert.rejects(
      client.create(autoscalersV1, { metadata: { name: "h", namespace: "d" }, spec }),
      /denied request: cpu$/,
    );
  });

  it("see subresources, deletions and namespaces when rules name them", async (t) => {
    const { client, validate, deployment } = await startPolicyCluster(t);
    const rule = (apiGroup: string, resource: string, operation: string): object => ({
      resourceRules: [{ apiGroups: [apiGroup], apiVersions: ["v1"], operations: [operation], resources: [resource] }],
    });
    await validate("scale", {
      matchConstraints: rule("apps", "deployments/scale", "UPDATE"),
      validations: [{ expression: "object.spec.replicas < 5 && request.subResource == 'scale'", message: "no" }],
    });
    await deployment("a", 1);
    const scale = (replicas: number): Promise<unknown> =>
      client.patch(
        deployments,
        { name: "a", namespace: "d" },
        "application/merge-patch+json",
        { spec: { replicas } },
        {
          subresource: "scale",
        },
      );
    await scale(2);
    await assert.rejects(scale(7), /denied request: no$/);
    await validate("keep", {
      matchConstraints: rule("apps", "deployments", "DELETE"),
      validations: [{ expression: "object == null && oldObject.spec.replicas == 0", message: "still runs" }],
    });
    await assert.rejects(client.delete(deployments, { name: "a", namespace: "d" }), /still runs$/);
    await validate("namespaces", {
      matchConstraints: rule("", "namespaces", "CREATE"),
      validations: [{ expression: "namespaceObject == null && 'team' in object.metadata.labels", message: "no team" }],
    });
    await assert.rejects(
      client.create(namespaces, { metadata: { name: "n", labels: { a: "b" } } } as never),
      /no team$/,
    );
    await client.create(namespaces, { metadata: { name: "m", labels: { team: "b" } } } as never);
  });
});
