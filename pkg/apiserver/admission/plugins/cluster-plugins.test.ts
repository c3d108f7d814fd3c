import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DefaultStorageClass } from "./default-class.ts";
import { NamespaceLifecycle } from "./namespace-lifecycle.ts";
import { NodeRestriction } from "./node-restriction.ts";
import { ResourceQuota } from "./resource-quota.ts";
import { StorageObjectInUseProtection } from "./storage-object-in-use-protection.ts";
import { TaintNodesByCondition } from "./taint-nodes-by-condition.ts";
import { pod, readerOf, type Sketch, write } from "./testing.ts";

describe("NamespaceLifecycle", () => {
  const reader = readerOf({
    namespaces: [
      { metadata: { name: "ns" } },
      { metadata: { name: "going", deletionTimestamp: "2026-01-01T00:00:00Z" } },
    ],
  });
  const plugin = new NamespaceLifecycle({ reader });

  it("answers 404 for writes into a namespace that is not there", async () => {
    plugin.admit(write({ object: pod() }));
    assert.throws(() => plugin.admit(write({ object: pod({}, { namespace: "gone" }) })), {
      code: 404,
      message: 'namespaces "gone" not found',
    });
  });
  it("refuses new content, but not updates, in a namespace that ends", async () => {
    const object = pod({}, { namespace: "going" });
    assert.throws(
      () => plugin.admit(write({ object })),
      (err: { message: string; details: { causes: object[] } }) => {
        assert.equal(
          err.message,
          'pods "p" is forbidden: unable to create new content in namespace going because it is being terminated',
        );
        assert.deepEqual(err.details.causes, [
          {
            reason: "NamespaceTerminating",
            message: "namespace going is being terminated",
            field: "metadata.namespace",
          },
        ]);
        return true;
      },
    );
    plugin.admit(write({ object, operation: "UPDATE", old: object }));
  });
  it("keeps the namespaces a cluster needs", async () => {
    const remove = (name: string) => write({ resource: "namespaces", operation: "DELETE", name, namespace: name });
    assert.throws(() => plugin.admit(remove("kube-system")), {
      code: 403,
      message: 'namespaces "kube-system" is forbidden: this namespace may not be deleted',
    });
    plugin.admit(remove("ns"));
  });
});

describe("NodeRestriction", () => {
  const user = { name: "system:node:a", groups: ["system:nodes"] };
  const sources = (audience?: string) => [{ serviceAccountToken: { path: "token", audience } }];
  const volumes = [
    { name: "v", projected: { sources: sources() } },
    { name: "w", projected: { sources: sources("vault") } },
  ];
  const here = pod({ nodeName: "a", volumes }, { uid: "1" });
  const there = pod({ nodeName: "b" }, { uid: "2", name: "q" });
  const plugin = new NodeRestriction({ reader: readerOf({ pods: [here, there] }) });
  const node = (name: string, rest: object = {}): Sketch => ({ metadata: { name, ...rest } });

  it("lets everyone else pass", () => plugin.admit(write({ resource: "nodes", object: node("z") })));
  it("holds a kubelet to its own node and its labels", async () => {
    await plugin.admit(
      write({ user, resource: "nodes", object: node("a", { labels: { "kubernetes.io/os": "linux" } }) }),
    );
    await assert.rejects(
      async () => plugin.admit(write({ user, resource: "nodes", object: node("b") })),
      /node "a" is not allowed to modify node "b"/,
    );
    const labels = { "node-restriction.kubernetes.io/x": "y" };
    await assert.rejects(
      async () => plugin.admit(write({ user, resource: "nodes", object: node("a", { labels }) })),
      /labels/,
    );
    const tainted = { ...node("a"), spec: { taints: [{ key: "x", effect: "NoSchedule" }] } };
    const untaint = write({ user, resource: "nodes", operation: "UPDATE", object: node("a"), old: tainted });
    await assert.rejects(async () => plugin.admit(untaint), /not allowed to modify taints/);
  });
  it("holds a kubelet to its own pods", async () => {
    const status = async (object: object) =>
      plugin.admit(write({ user, operation: "UPDATE", subresource: "status", object, old: object }));
    await status(here);
    await assert.rejects(status(there), /can only update pod status for pods with spec.nodeName set to itself/);
    await plugin.admit(write({ user, operation: "DELETE", old: here }));
    await assert.rejects(
      async () => plugin.admit(write({ user, operation: "DELETE", old: there })),
      /can only delete pods/,
    );
    await assert.rejects(async () => plugin.admit(write({ user, object: here })), /can only create mirror pods/);
  });
  it("gives tokens only for pods on the node", async () => {
    const token = async (name: string, uid: string, ...audiences: string[]) =>
      plugin.admit(
        write({
          user,
          resource: "serviceaccounts",
          subresource: "token",
          namespace: "ns",
          name: "default",
          object: { metadata: {}, spec: { audiences, boundObjectRef: { apiVersion: "v1", kind: "Pod", name, uid } } },
        }),
      );
    await token("p", "1");
    await token("p", "1", "vault");
    await assert.rejects(token("p", "1", "other"), /audience "other" not found in pod spec volume/);
    await assert.rejects(token("p", "1", "vault", "other"), /node may only request 0 or 1 audiences/);
    await assert.rejects(token("q", "2"), /scheduled on a different node/);
    await assert.rejects(token("p", "9"), /does not match the UID/);
  });
  it("gives access to the node's own lease only", async () => {
    const lease = async (namespace: string, name: string) =>
      plugin.admit(write({ user, resource: "coordination.k8s.io/leases", object: { metadata: { namespace, name } } }));
    await lease("kube-node-lease", "a");
    await assert.rejects(lease("kube-node-lease", "b"));
    await assert.rejects(lease("default", "a"));
  });
});

describe("ResourceQuota", () => {
  const quota = (hard: object, used?: object): Sketch =>
    ({ metadata: { name: "q", namespace: "ns" }, spec: { hard }, status: used && { hard, used } }) as Sketch;
  const start = (objects: Record<string, Sketch[]>) => {
    const charged: unknown[] = [];
    const client = {
      get: () => Promise.reject(new Error("not asked")),
      updateStatus: async <T>(_resource: unknown, object: T): Promise<T> => {
        charged.push((object as { status?: { used?: unknown } }).status?.used);
        return object;
      },
    };
    return { plugin: new ResourceQuota({ reader: readerOf(objects), client: () => client }), charged };
  };
  const asking = (cpu: string) => pod({ containers: [{ name: "c", resources: { requests: { cpu } } }] });

  it("charges what fits", async () => {
    const { plugin, charged } = start({ resourcequotas: [quota({ pods: "2", cpu: "1" }, { pods: "1", cpu: "200m" })] });
    await plugin.validate(write({ object: asking("300m") }));
    assert.deepEqual(charged, [{ pods: "2", cpu: "500m" }]);
  });
  it("refuses what does not, after counting again", async () => {
    const pods = [asking("900m")];
    const { plugin } = start({ pods, resourcequotas: [quota({ cpu: "1" }, { cpu: "5" })] });
    await assert.rejects(async () => plugin.validate(write({ object: asking("300m") })), {
      code: 403,
      message: 'pods "p" is forbidden: exceeded quota: q, requested: cpu=300m, used: cpu=900m, limited: cpu=1',
    });
    const stale = start({ pods: [], resourcequotas: [quota({ cpu: "1" }, { cpu: "5" })] });
    await stale.plugin.validate(write({ object: asking("300m") }));
    assert.deepEqual(stale.charged, [{ cpu: "300m" }]);
  });
  it("asks for requests that are limited", async () => {
    const { plugin } = start({ resourcequotas: [quota({ "limits.memory": "1Gi" })] });
    await assert.rejects(
      async () => plugin.validate(write({ object: asking("1") })),
      /failed quota: q: must specify limits.memory for: c/,
    );
  });
  it("counts objects of any kind", async () => {
    const { plugin } = start({ resourcequotas: [quota({ "count/deployments.apps": "0" })] });
    const object = { metadata: { name: "d", namespace: "ns" } };
    await assert.rejects(
      async () => plugin.validate(write({ resource: "apps/deployments", object })),
      /exceeded quota/,
    );
  });
});

it("TaintNodesByCondition taints a new node once", async () => {
  const object = { metadata: { name: "a" }, spec: {} as { taints?: unknown } };
  await new TaintNodesByCondition().admit(write({ resource: "nodes", object }));
  await new TaintNodesByCondition().admit(write({ resource: "nodes", object }));
  assert.deepEqual(object.spec.taints, [{ key: "node.kubernetes.io/not-ready", effect: "NoSchedule" }]);
});

it("StorageObjectInUseProtection adds its finalizer", async () => {
  const object = { metadata: { name: "a", namespace: "ns", finalizers: undefined as string[] | undefined } };
  await new StorageObjectInUseProtection().admit(write({ resource: "persistentvolumeclaims", object }));
  assert.deepEqual(object.metadata.finalizers, ["kubernetes.io/pvc-protection"]);
});

it("DefaultStorageClass picks the newest default", async () => {
  const marked = (name: string, creationTimestamp: string): Sketch => ({
    metadata: { name, creationTimestamp, annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
  });
  const reader = readerOf({
    "storage.k8s.io/storageclasses": [marked("old", "2025-01-01T00:00:00Z"), marked("new", "2026-01-01T00:00:00Z")],
  });
  const object = { metadata: { name: "a", namespace: "ns" }, spec: {} as { storageClassName?: string } };
  await new DefaultStorageClass({ reader }).admit(write({ resource: "persistentvolumeclaims", object }));
  assert.equal(object.spec.storageClassName, "new");
});
