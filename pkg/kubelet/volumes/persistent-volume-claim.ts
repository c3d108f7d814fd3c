import { mkdir, stat } from "node:fs/promises";
import {
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  persistentvolumeclaims,
  persistentvolumes,
  type Volume,
} from "#pkg/api/types/core-v1.ts";
import type { Client } from "#pkg/client/index.ts";
import { isNotFound } from "#pkg/errors/index.ts";
import type { Mounter } from "../mounter.ts";
import type { PodDirs } from "../pod-dirs.ts";
import { checkHostPath } from "./host-path.ts";
import { mountNfs } from "./nfs.ts";
import { setVolumeOwnership } from "./ownership.ts";
import type { MountedVolume, VolumePlugin } from "./types.ts";

interface Parts {
  readonly client: Client;
  readonly dirs: PodDirs;
  readonly mounter: Mounter;
}

/** What a claim is bound to: a PersistentVolume of type hostPath, local or nfs. Ephemeral volumes are claims too. */
export function persistentVolumeClaimPlugin(parts: Parts): VolumePlugin {
  return {
    name: "persistent-volume-claim",
    supports: (volume) => volume.persistentVolumeClaim !== undefined || volume.ephemeral !== undefined,
    async setUp(pod, volume, signal) {
      const claim = await boundClaim(parts.client, pod, volume, signal);
      const name = claim.spec?.volumeName ?? "";
      const pv = await parts.client.get(persistentvolumes, { name }, { signal });
      if (pv.spec?.claimRef?.uid !== undefined && pv.spec.claimRef.uid !== claim.metadata.uid) {
        throw new Error(`persistentvolume "${name}" is bound to another claim`);
      }
      const readOnly = volume.persistentVolumeClaim?.readOnly === true;
      const mounted = await mountPersistentVolume(parts, pod, volume, pv, readOnly);
      const gid = Number(pv.metadata.annotations?.["pv.beta.kubernetes.io/gid"]);
      return Number.isInteger(gid) && gid > 0 ? { ...mounted, groups: [gid] } : mounted;
    },
  };
}

async function boundClaim(
  client: Client,
  pod: Pod,
  volume: Volume,
  signal: AbortSignal,
): Promise<PersistentVolumeClaim> {
  const { namespace = "" } = pod.metadata;
  const name = volume.persistentVolumeClaim?.claimName ?? `${pod.metadata.name}-${volume.name}`;
  const claim = await client.get(persistentvolumeclaims, { namespace, name }, { signal }).catch((err: unknown) => {
    if (isNotFound(err)) throw new Error(`persistentvolumeclaim "${name}" not found`, { cause: err });
    throw err;
  });
  const owners = claim.metadata.ownerReferences ?? [];
  if (volume.ephemeral !== undefined && !owners.some((owner) => owner.uid === pod.metadata.uid)) {
    throw new Error(
      `PVC ${namespace}/${name} was not created for pod ${namespace}/${pod.metadata.name} (pod is not owner)`,
    );
  }
  if (claim.status?.phase !== "Bound" || claim.spec?.volumeName === undefined) {
    throw new Error(`PVC ${namespace}/${name} is not bound`);
  }
  return claim;
}

async function mountPersistentVolume(
  parts: Parts,
  pod: Pod,
  volume: Volume,
  pv: PersistentVolume,
  readOnly: boolean,
): Promise<MountedVolume> {
  const { hostPath, local, nfs, volumeMode, mountOptions = [] } = pv.spec ?? {};
  if (hostPath !== undefined) {
    // Provisioners that keep directories on the node leave it to the node to make them.
    await checkHostPath(hostPath.path, hostPath.type ?? "");
    return { hostPath: hostPath.path, readOnly, relabel: false };
  }
  if (local !== undefined) {
    const stats = await stat(local.path).catch(() => undefined);
    if (stats === undefined) throw new Error(`local volume path "${local.path}" does not exist`);
    if (stats.isBlockDevice() !== (volumeMode === "Block")) {
      throw new Error(`local volume path "${local.path}" does not fit volumeMode ${volumeMode ?? "Filesystem"}`);
    }
    const { fsGroup, fsGroupChangePolicy: policy } = pod.spec.securityContext ?? {};
    if (fsGroup !== undefined && !readOnly && stats.isDirectory()) {
      await setVolumeOwnership(local.path, fsGroup, { readOnly, ...(policy === undefined ? {} : { policy }) });
    }
    return { hostPath: local.path, readOnly, relabel: false };
  }
  if (nfs !== undefined) {
    const dir = parts.dirs.volume(pod.metadata.uid, "nfs", volume.name);
    await mkdir(dir, { recursive: true, mode: 0o750 });
    await mountNfs(parts.mounter, { ...nfs, readOnly: readOnly || nfs.readOnly === true }, dir, mountOptions);
    return { hostPath: dir, readOnly: readOnly || nfs.readOnly === true, relabel: false };
  }
  throw new Error(`persistentvolume "${pv.metadata.name}" is of a type that this node does not support`);
}
