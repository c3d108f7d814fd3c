import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { persistentvolumeclaims, persistentvolumes } from "#pkg/api/types/core-v1.ts";
import { storageclasses } from "#pkg/api/types/storage-v1.ts";
import { TestCluster, testNode, testPod } from "../testing.ts";

const meta = (name: string, more: object = {}) => ({
  name,
  uid: `uid-${name}`,
  resourceVersion: "1",
  creationTimestamp: "",
  ...more,
});
const claim = (name: string, storageClassName: string, more: { volume?: string; mode?: string } = {}) => ({
  metadata: meta(name, {
    namespace: "default",
    ...(more.volume === undefined ? {} : { annotations: { "pv.kubernetes.io/bind-completed": "yes" } }),
  }),
  spec: {
    storageClassName,
    accessModes: [more.mode ?? "ReadWriteOnce"],
    resources: { requests: { storage: "1Gi" } },
    ...(more.volume === undefined ? {} : { volumeName: more.volume }),
  },
});
const volume = (name: string, node: string, storage = "1Gi") => ({
  metadata: meta(name),
  spec: {
    storageClassName: "local",
    accessModes: ["ReadWriteOnce"],
    capacity: { storage },
    nodeAffinity: {
      required: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [node] }] }],
      },
    },
  },
  status: { phase: "Available" },
});
const storageClass = (name: string, provisioner: string, volumeBindingMode: string) => ({
  metadata: meta(name),
  provisioner,
  volumeBindingMode,
});
const using = (...names: string[]) => ({
  spec: { volumes: names.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })) },
});

describe("VolumeBinding", () => {
  async function cluster(): Promise<TestCluster> {
    const made = new TestCluster([testNode("a"), testNode("b")], {
      objects: [
        [
          persistentvolumeclaims,
          [
            claim("bound", "local", { volume: "on-b" }),
            claim("lost", "local", { volume: "gone" }),
            claim("immediate", "now"),
            claim("local", "local"),
            claim("dynamic", "later"),
            claim("single", "local", { volume: "on-b", mode: "ReadWriteOncePod" }),
          ],
        ],
        [persistentvolumes, [volume("on-b", "b"), volume("small-on-a", "a", "500Mi")]],
        [
          storageclasses,
          [
            storageClass("now", "example.com/p", "Immediate"),
            storageClass("local", "kubernetes.io/no-provisioner", "WaitForFirstConsumer"),
            storageClass("later", "example.com/p", "WaitForFirstConsumer"),
          ],
        ],
      ],
    });
    await made.ready;
    return made;
  }

  it("places pods where their volumes are, can be bound, or can be made", async () => {
    const { place } = bound(await cluster());
    assert.equal(place(testPod("p", using("bound"))), "b");
    assert.equal(place(testPod("p", using("local"))), "b");
    assert.match(place(testPod("p", using("dynamic"))), /^[ab]$/);
  });

  it("says what is missing", async () => {
    const { place } = bound(await cluster());
    const says = (name: string) => place(testPod("p", using(name)));
    assert.equal(says("none"), '0/2 nodes are available: persistentvolumeclaim "none" not found.');
    assert.equal(says("immediate"), "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims.");
    assert.match(says("lost"), /2 node\(s\) unavailable due to one or more pvc\(s\) bound to non-existent pv\(s\)/);
  });

  it("gives a ReadWriteOncePod claim to one pod only", async () => {
    const made = await cluster();
    assert.equal(made.place(testPod("p", using("single"))), "b");
    made.bind(testPod("p", using("single")), "b");
    assert.match(
      made.place(testPod("q", using("single"))),
      /2 node has pod using PersistentVolumeClaim with the same name/,
    );
  });
});

const bound = (cluster: TestCluster) => ({ place: cluster.place.bind(cluster) });
