import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { KubeObject, ResourceRef } from "#pkg/api/resource-ref.ts";
import { customresourcedefinitions } from "#pkg/api/types/apiextensions-v1.ts";
import { configmaps, namespaces } from "#pkg/api/types/core-v1.ts";
import { isNotFound } from "#pkg/errors/index.ts";
import { type ControllerTest, startControllers } from "./testing.ts";

const foos: ResourceRef<KubeObject> = {
  group: "stable.example.com",
  version: "v1",
  kind: "Foo",
  plural: "foos",
  namespaced: true,
};

/** A kind that comes while the controllers run. */
async function defineFoos({ client, eventually }: ControllerTest): Promise<void> {
  await client.create(customresourcedefinitions, {
    metadata: { name: "foos.stable.example.com" },
    spec: {
      group: foos.group,
      scope: "Namespaced",
      names: { plural: "foos", kind: "Foo" },
      versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }],
    },
  });
  await eventually("foos served", () => client.list(foos));
}

const isGone = async ({ client }: ControllerTest, name: string): Promise<boolean> =>
  client.get(configmaps, { namespace: "default", name }).then(
    () => false,
    (err: unknown) => isNotFound(err),
  );

describe("controllers", () => {
  it("empty a namespace of custom resources when it is deleted", async (t) => {
    const test = await startControllers(t, ["namespace-controller"]);
    const { client, eventually } = test;
    await defineFoos(test);
    await client.create(namespaces, { metadata: { name: "doomed" }, spec: {} });
    await client.create(foos, { metadata: { namespace: "doomed", name: "a" } });
    await client.delete(namespaces, { name: "doomed" });
    await eventually("its end", () =>
      client.get(namespaces, { name: "doomed" }).then(
        () => false,
        (err: unknown) => isNotFound(err),
      ),
    );
    assert.deepEqual((await client.list(foos)).items, []);
  });

  it("collect what a custom resource owns, in the background, in the foreground or not at all", async (t) => {
    const test = await startControllers(t, ["garbage-collector-controller"]);
    const { client, eventually } = test;
    await defineFoos(test);
    const own = async (name: string): Promise<void> => {
      const { metadata } = await client.create(foos, { metadata: { namespace: "default", name } });
      const owner = {
        apiVersion: "stable.example.com/v1",
        kind: "Foo",
        name,
        uid: metadata.uid,
        blockOwnerDeletion: true,
      };
      await client.create(configmaps, { metadata: { namespace: "default", name, ownerReferences: [owner] } });
    };
    for (const name of ["back", "fore", "orphaned"]) await own(name);
    const remove = (name: string, propagationPolicy: string) =>
      client.delete(foos, { namespace: "default", name }, { propagationPolicy });
    await remove("back", "Background");
    await eventually("its dependent gone", () => isGone(test, "back"));
    await remove("fore", "Foreground");
    await eventually("its dependent gone", () => isGone(test, "fore"));
    await remove("orphaned", "Orphan");
    await eventually("all owners gone", async () => (await client.list(foos)).items.length === 0);
    const left = await client.get(configmaps, { namespace: "default", name: "orphaned" });
    assert.equal(left.metadata.ownerReferences, undefined);
  });
});
