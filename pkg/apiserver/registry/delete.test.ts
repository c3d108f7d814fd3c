import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { NewObject } from "#pkg/api/resource-ref.ts";
import { type ConfigMap, configmaps, type Pod, pods, replicationcontrollers } from "#pkg/api/types/core-v1.ts";
import type { DeleteOptions, Status } from "#pkg/api/types/meta-v1.ts";
import { type Client, createClient } from "#pkg/client/index.ts";
import { isNotFound } from "#pkg/errors/index.ts";
import { startTestServer, type TestServer } from "../testing.ts";

const at = (name: string) => ({ namespace: "d", name });
const path = (name: string): string => `/api/v1/namespaces/d/configmaps/${name}`;

describe("delete", () => {
  let test: TestServer;
  let client: Client;
  before(async () => {
    test = await startTestServer();
    client = createClient(test.transport);
  });
  after(() => test.close());

  const map = (name: string, finalizers?: string[]): Promise<ConfigMap> =>
    client.create(configmaps, { metadata: { ...at(name), ...(finalizers === undefined ? {} : { finalizers }) } });
  const pod = (name: string, spec: object = {}): Promise<Pod> =>
    client.create(pods, {
      metadata: at(name),
      spec: { containers: [{ name: "c", image: "i" }], ...spec },
    } as NewObject<Pod>);

  const refused: [string, object, RegExp][] = [
    [
      "both ways of orphaning",
      { orphanDependents: true, propagationPolicy: "Orphan" },
      /DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set/,
    ],
    [
      "an unknown policy",
      { propagationPolicy: "x" },
      /Unsupported value: "x": supported values: "Foreground", "Background", "Orphan", "nil"/,
    ],
    ["an unknown dry run", { dryRun: ["x"] }, /dryRun: Unsupported value: \["x"\]: supported values: "All"/],
    [
      "another uid",
      { preconditions: { uid: "x" } },
      /Operation cannot be fulfilled on ConfigMap "p": the UID in the precondition \(x\) does not match the UID in record/,
    ],
    [
      "another revision",
      { preconditions: { resourceVersion: "77" } },
      /the ResourceVersion in the precondition \(77\)/,
    ],
  ];
  for (const [what, options, expected] of refused) {
    it(`refuses ${what}`, async () => {
      await map("p").catch(() => undefined);
      await assert.rejects(client.delete(configmaps, at("p"), options as DeleteOptions), expected);
      await client.get(configmaps, at("p"));
    });
  }

  it("answers a Status for what is gone and the object for pods and for what lingers", async () => {
    await map("gone");
    const status = (await client.delete(configmaps, at("gone"))) as Status;
    assert.equal(status.kind, "Status");
    assert.deepEqual([status.details?.name, status.details?.kind], ["gone", "configmaps"]);
    await pod("now");
    assert.equal(((await client.delete(pods, at("now"))) as Pod).kind, "Pod");
    await map("held", ["example.com/f"]);
    const held = (await client.delete(configmaps, at("held"))) as ConfigMap;
    assert.equal(held.metadata.deletionGracePeriodSeconds, 0);
    await assert.rejects(
      client.patch(configmaps, at("held"), "application/merge-patch+json", {
        metadata: { finalizers: ["example.com/f", "example.com/g"] },
      }),
      /no new finalizers can be added if the object is being deleted, found new finalizers \[\]string{"example.com\/g"}/,
    );
    await client.patch(configmaps, at("held"), "application/merge-patch+json", { metadata: { finalizers: null } });
    await assert.rejects(client.get(configmaps, at("held")), isNotFound);
  });

  it("turns policies into finalizers, by default those of the kind", async () => {
    const finalizers = async (name: string, options?: DeleteOptions): Promise<readonly string[] | undefined> => {
      await map(name, ["example.com/f"]);
      await client.delete(configmaps, at(name), options);
      return (await client.get(configmaps, at(name))).metadata.finalizers;
    };
    assert.deepEqual(await finalizers("a"), ["example.com/f"]);
    assert.deepEqual(await finalizers("b", { propagationPolicy: "Orphan" }), ["example.com/f", "orphan"]);
    assert.deepEqual(await finalizers("c", { propagationPolicy: "Foreground" }), [
      "example.com/f",
      "foregroundDeletion",
    ]);
    assert.deepEqual(await finalizers("e", { orphanDependents: true }), ["example.com/f", "orphan"]);
    const metadata = { namespace: "d", name: "rc" };
    const template = {
      metadata: { labels: { a: "b" } },
      spec: { containers: [{ name: "c", image: "i" }] },
    };
    await client.create(replicationcontrollers, { metadata, spec: { selector: { a: "b" }, template } } as never);
    await client.delete(replicationcontrollers, metadata);
    assert.deepEqual((await client.get(replicationcontrollers, metadata)).metadata.finalizers, ["orphan"]);
  });

  it("holds running pods for their grace period, which only gets shorter", async () => {
    await pod("g", { nodeName: "n", terminationGracePeriodSeconds: 40 });
    const grace = async (options?: DeleteOptions): Promise<number | undefined> =>
      ((await client.delete(pods, at("g"), options)) as Pod).metadata.deletionGracePeriodSeconds;
    assert.equal(await grace(), 40);
    assert.equal(await grace({ gracePeriodSeconds: 50 }), 40);
    assert.equal(await grace({ gracePeriodSeconds: 5 }), 5);
    // Less than nothing is the shortest that is something.
    assert.equal(await grace({ gracePeriodSeconds: -1 }), 1);
    await client.delete(pods, at("g"), { gracePeriodSeconds: 0 });
    await assert.rejects(client.get(pods, at("g")), isNotFound);
  });

  it("changes nothing in a dry run, by body or by query", async () => {
    await map("dry");
    await client.delete(configmaps, at("dry"), { dryRun: ["All"] });
    await client.raw({ method: "DELETE", path: path("dry"), query: { dryRun: "All" } });
    await client.get(configmaps, at("dry"));
    await client.raw({
      method: "DELETE",
      path: path("dry"),
      query: { gracePeriodSeconds: 0, orphanDependents: "false" },
    });
    await assert.rejects(
      client.raw({ method: "DELETE", path: path("x"), query: { orphanDependents: "y" } }),
      /ParseBool/,
    );
  });

  it("of a collection deletes the page that is asked for and answers it", async () => {
    for (const name of ["c1", "c2", "c3"])
      await client.create(configmaps, { metadata: { namespace: "many", name, labels: { n: name } } });
    const collection = "/api/v1/namespaces/many/configmaps";
    type Listed = { kind: string; items: ConfigMap[]; metadata: { continue?: string } };
    const first = (await client.raw({ method: "DELETE", path: collection, query: { limit: 1 } })) as Listed;
    assert.deepEqual([first.kind, first.items.map((each) => each.metadata.name)], ["ConfigMapList", ["c1"]]);
    assert.notEqual(first.metadata.continue, undefined);
    await client.raw({ method: "DELETE", path: collection, query: { labelSelector: "n=c3" } });
    const left = await client.list(configmaps, { namespace: "many" });
    assert.deepEqual(
      left.items.map((each) => each.metadata.name),
      ["c2"],
    );
  });
});
