import { describe, it } from "node:test";
import { persistentvolumeclaims, pods } from "#pkg/api/types/core-v1.ts";
import { isNotFound } from "#pkg/errors/index.ts";
import { startControllers } from "../testing.ts";

describe("PvcProtectionController", () => {
  it("keeps a claim until the pod that uses it is gone", async (t) => {
    const { client, eventually } = await startControllers(t, ["persistentvolumeclaim-protection-controller"]);
    const at = { namespace: "default", name: "data" };
    await client.create(persistentvolumeclaims, {
      metadata: at,
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    });
    await eventually("the finalizer", async () =>
      (await client.get(persistentvolumeclaims, at)).metadata.finalizers?.includes("kubernetes.io/pvc-protection"),
    );
    await client.create(pods, {
      metadata: { namespace: "default", name: "user" },
      spec: {
        nodeName: "n",
        containers: [{ name: "c", image: "busybox" }],
        volumes: [{ name: "v", persistentVolumeClaim: { claimName: "data" } }],
      },
    });
    await client.delete(persistentvolumeclaims, at);
    await eventually("its deletion", async () => {
      const { metadata } = await client.get(persistentvolumeclaims, at);
      return metadata.deletionTimestamp !== undefined;
    });
    await client.delete(pods, { namespace: "default", name: "user" }, { gracePeriodSeconds: 0 });
    await eventually("its end", async () => {
      try {
        await client.get(persistentvolumeclaims, at);
        return false;
      } catch (err) {
        return isNotFound(err);
      }
    });
  });
});
