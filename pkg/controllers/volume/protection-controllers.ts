import type { KubeObject, ResourceRef } from "#pkg/api/index.ts";
import {
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentvolumeclaims,
  persistentvolumes,
  type Pod,
  pods,
} from "#pkg/api/types/core-v1.ts";
import { type Informer, keyOf } from "#pkg/client/index.ts";
import { isNotFound } from "#pkg/errors/index.ts";
import { type ControllerParts, QueueController } from "../controller.ts";
import { isPodFinished } from "../objects/index.ts";

const PVC_FINALIZER = "kubernetes.io/pvc-protection";
const PV_FINALIZER = "kubernetes.io/pv-protection";
const BY_CLAIM = "claim";

/** Keeps claims that are being deleted until no pod uses them. */
export class PvcProtectionController extends QueueController {
  constructor(parts: ControllerParts) {
    const claims = parts.informers.informer(persistentvolumeclaims);
    const podInformer = parts.informers.informer(pods);
    super({
      name: "pvc-protection",
      informers: [claims, podInformer],
      log: parts.log,
      sync: async (key) => {
        const claim = claims.lister.getByKey(key);
        if (claim !== undefined)
          await protect(parts, persistentvolumeclaims, PVC_FINALIZER, claim, () => isUsed(podInformer, key));
      },
    });
    podInformer.addIndex(BY_CLAIM, claimKeys);
    const enqueue = (claim: PersistentVolumeClaim): void => this.queue.add(keyOf(claim));
    claims.addHandler({ add: enqueue, update: enqueue });
    const released = (pod: Pod): void => {
      for (const key of claimKeys(pod)) this.queue.add(key);
    };
    podInformer.addHandler({
      update: (pod, before) => {
        if (isPodFinished(pod) && !isPodFinished(before)) released(pod);
      },
      delete: released,
    });
  }
}

function isUsed(podInformer: Informer<Pod>, key: string): boolean {
  // A pod that nobody has placed uses nothing yet; a finished one no more.
  return podInformer.lister
    .byIndex(BY_CLAIM, key)
    .some((pod) => !isPodFinished(pod) && (pod.spec.nodeName ?? "") !== "");
}

function claimKeys(pod: Pod): string[] {
  const namespace = pod.metadata.namespace ?? "";
  return (pod.spec.volumes ?? []).flatMap((volume) => {
    if (volume.persistentVolumeClaim !== undefined) return [`${namespace}/${volume.persistentVolumeClaim.claimName}`];
    return volume.ephemeral === undefined ? [] : [`${namespace}/${pod.metadata.name}-${volume.name}`];
  });
}

/** Keeps volumes that are being deleted until no claim is bound to them. */
export class PvProtectionController extends QueueController {
  constructor(parts: ControllerParts) {
    const volumes = parts.informers.informer(persistentvolumes);
    super({
      name: "pv-protection",
      informers: [volumes],
      log: parts.log,
      sync: async (key) => {
        const volume = volumes.lister.getByKey(key);
        if (volume === undefined) return;
        await protect(parts, persistentvolumes, PV_FINALIZER, volume, () => volume.status?.phase === "Bound");
      },
    });
    const enqueue = (volume: PersistentVolume): void => this.queue.add(keyOf(volume));
    volumes.addHandler({ add: enqueue, update: enqueue });
  }
}

/** Puts the finalizer on what lives, and takes it from what is being deleted and no longer in use. */
async function protect<T extends KubeObject>(
  parts: ControllerParts,
  resource: ResourceRef<T>,
  finalizer: string,
  object: T,
  inUse: () => boolean,
): Promise<void> {
  const finalizers = object.metadata.finalizers ?? [];
  const has = finalizers.includes(finalizer);
  const going = object.metadata.deletionTimestamp !== undefined;
  if (has === !going || (going && (!has || inUse()))) return;
  const next = going ? finalizers.filter((f) => f !== finalizer) : [...finalizers, finalizer];
  try {
    await parts.client.update(resource, { ...object, metadata: { ...object.metadata, finalizers: next } });
  } catch (err) {
    if (!isNotFound(err)) throw err;
  }
}
