import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ApiError } from "#pkg/errors/index.ts";
import { matching, startPolicyCluster } from "./testing.ts";

const apply = (expression: string): object => ({ patchType: "ApplyConfiguration", applyConfiguration: { expression } });
const patch = (expression: string): object => ({ patchType: "JSONPatch", jsonPatch: { expression } });

describe("MutatingAdmissionPolicy", () => {
  // conformance: MutatingAdmissionPolicy should mutate a Deployment
  it("admit applies a configuration to a deployment when its policy says so", async (t) => {
    const { deployment, mutate } = await startPolicyCluster(t);
    await mutate("scale", {
      matchConstraints: matching("deployments", "apps"),
      mutations: [apply("Object{spec: Object.spec{replicas: object.spec.replicas + 4}}")],
    });
    const made = await deployment("a", 1);
    assert.equal(made.spec.replicas, 5);
    assert.equal(made.spec.template.spec.containers[0].image, "i");
  });

  // conformance: MutatingAdmissionPolicy should mutate a Deployment with annotations
  it("admit adds annotations when variables and conditions say so", async (t) => {
    const { deployment, mutate } = await startPolicyCluster(t);
    await mutate("annotate", {
      matchConstraints: matching("deployments", "apps"),
      variables: [
        { name: "has", expression: "has(object.metadata.annotations) && 'my-key' in object.metadata.annotations" },
      ],
      matchConditions: [{ name: "c", expression: "object.metadata.name != 'skipped'" }],
      mutations: [
        apply(
          "Object{metadata: Object.metadata{annotations: {'my-key': variables.has ? 'kept' : 'new', 'other.io/x': 'y'}}}",
        ),
      ],
    });
    assert.deepEqual((await deployment("a", 1)).metadata.annotations, { "my-key": "new", "other.io/x": "y" });
    const made = await deployment("b", 1, { annotations: { "my-key": "v", z: "1" } });
    assert.deepEqual(made.metadata.annotations, { "my-key": "kept", "other.io/x": "y", z: "1" });
    assert.equal((await deployment("skipped", 1)).metadata.annotations, undefined);
  });

  it("admit merges lists by their keys when a configuration names an item", async (t) => {
    const { deployment, mutate } = await startPolicyCluster(t);
    await mutate("sidecar", {
      matchConstraints: matching("deployments", "apps"),
      mutations: [
        apply(`Object{spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{containers: [
          Object.spec.template.spec.containers{name: "c", env: [Object.spec.template.spec.containers.env{name: "E", value: "1"}]},
          Object.spec.template.spec.containers{name: "side", image: "s"}]}}}}`),
      ],
    });
    const { containers } = (await deployment("a", 1)).spec.template.spec;
    assert.deepEqual(
      containers.map((c: { name: string; image: string; env?: unknown }) => [c.name, c.image, c.env]),
      [
        ["c", "i", [{ name: "E", value: "1" }]],
        ["side", "s", undefined],
      ],
    );
  });

  it("admit applies JSON patches in order when a policy has several", async (t) => {
    const { configMap, mutate } = await startPolicyCluster(t);
    await mutate("patches", {
      mutations: [
        patch("[JSONPatch{op: 'add', path: '/metadata/labels', value: {'a': 'b'}}]"),
        patch(
          "[JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('x.io/y'), value: object.metadata.labels.a + '!'.replace('!', '1')}, JSONPatch{op: 'test', path: '/metadata/name', value: object.metadata.name}]",
        ),
        patch("has(object.data) ? [JSONPatch{op: 'remove', path: '/data/secret'}] : []"),
      ],
    });
    assert.deepEqual((await configMap("a")).metadata.labels, { a: "b", "x.io/y": "b1" });
    assert.deepEqual((await configMap("b", { secret: "1", k: "v" })).data, { k: "v" });
  });

  it("admit runs policies again when a later one changed the object and they want to", async (t) => {
    const { configMap, mutate } = await startPolicyCluster(t);
    const count = (key: string): object =>
      apply(
        `Object{data: Object.data{${key}: has(object.data) && has(object.data.${key}) ? object.data.${key} + "+" : "1"}}`,
      );
    await mutate("a", { reinvocationPolicy: "IfNeeded", mutations: [count("first")] });
    await mutate("b", { reinvocationPolicy: "Never", mutations: [count("second")] });
    assert.deepEqual((await configMap("m")).data, { first: "1+", second: "1" });
  });

  it("admit refuses when a mutation cannot be made and the policy fails closed", async (t) => {
    const { configMap, deployment, mutate } = await startPolicyCluster(t);
    const why = async (work: Promise<unknown>): Promise<string> => {
      const error = await work.then(
        () => undefined,
        (err: unknown) => err,
      );
      assert.ok(error instanceof ApiError);
      assert.equal(error.reason, "Invalid");
      return error.message;
    };
    await mutate("types", { mutations: [apply("Object{data: Object.wrong{a: 'b'}}")] });
    assert.equal(
      await why(configMap("a")),
      `policy 'types' with binding 'types-binding' denied request: type mismatch: unexpected type name "Object.wrong", expected "Object.data", which matches field name path from root Object type`,
    );
    await mutate("atomic", {
      matchConstraints: matching("deployments", "apps"),
      mutations: [apply("Object{spec: Object.spec{selector: Object.spec.selector{matchLabels: {'a': 'b'}}}}")],
    });
    assert.match(await why(deployment("a", 1)), /may not mutate atomic arrays, maps or structs: \.spec\.selector$/);
  });
});
