import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configmaps, namespaces, pods, serviceaccounts } from "#pkg/api/types/core-v1.ts";
import { isNotFound } from "#pkg/errors/index.ts";
import { startControllers } from "../testing.ts";

const gone = async (work: Promise<unknown>): Promise<boolean> => {
  try {
    await work;
    return false;
  } catch (err) {
    return isNotFound(err);
  }
};

describe("NamespaceController", () => {
  it("waits for pods, tells what is left, then empties and finalizes the namespace", async (t) => {
    const { client, eventually } = await startControllers(t, ["namespace-controller"]);
    await client.create(namespaces, { metadata: { name: "doomed" }, spec: {} });
    await client.create(configmaps, { metadata: { namespace: "doomed", name: "kept", finalizers: ["example.com/f"] } });
    await client.create(configmaps, { metadata: { namespace: "doomed", name: "plain" } });
    for (const name of ["a", "b"]) {
      await client.create(pods, {
        metadata: { namespace: "doomed", name },
        spec: { nodeName: "n", containers: [{ name: "c", image: "busybox" }] },
      });
    }
    await client.delete(namespaces, { name: "doomed" });
    const remaining = async (): Promise<string | undefined> =>
      (await client.get(namespaces, { name: "doomed" })).status?.conditions?.find(
        (c) => c.type === "NamespaceContentRemaining" && c.status === "True",
      )?.message;
    await eventually("a report about pods", async () =>
      (await remaining())?.includes("pods. has 2 resource instances"),
    );
    // What the pods may need outlives them.
    assert.ok((await client.get(configmaps, { namespace: "doomed", name: "plain" })).metadata.uid);
    for (const name of ["a", "b"]) await client.delete(pods, { namespace: "doomed", name }, { gracePeriodSeconds: 0 });
    await eventually("a report about the finalizer", async () =>
      (await client.get(namespaces, { name: "doomed" })).status?.conditions?.some(
        (c) => c.reason === "SomeFinalizersRemain" && c.message?.includes("example.com/f in 1 resource instances"),
      ),
    );
    assert.ok(await gone(client.get(configmaps, { namespace: "doomed", name: "plain" })));
    await client.patch(configmaps, { namespace: "doomed", name: "kept" }, "application/merge-patch+json", {
      metadata: { finalizers: null },
    });
    await eventually("its end", () => gone(client.get(namespaces, { name: "doomed" })));
  });
});

describe("service account controllers", () => {
  it("give every namespace a default account and the root CA, again when deleted", async (t) => {
    const { client, eventually } = await startControllers(
      t,
      ["serviceaccount-controller", "root-ca-certificate-publisher-controller"],
      { rootCa: "PEM" },
    );
    await client.create(namespaces, { metadata: { name: "fresh" }, spec: {} });
    const account = { namespace: "fresh", name: "default" };
    const bundle = { namespace: "fresh", name: "kube-root-ca.crt" };
    await eventually("both", async () => {
      await client.get(serviceaccounts, account);
      return (await client.get(configmaps, bundle)).data?.["ca.crt"] === "PEM";
    });
    await client.delete(serviceaccounts, account);
    await client.patch(configmaps, bundle, "application/merge-patch+json", { data: { "ca.crt": "x" } });
    await eventually("both again", async () => {
      await client.get(serviceaccounts, account);
      return (await client.get(configmaps, bundle)).data?.["ca.crt"] === "PEM";
    });
  });
});
