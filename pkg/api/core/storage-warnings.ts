import { parseQuantity } from "../quantity.ts";
import type { PersistentVolume, PersistentVolumeClaim } from "../types/core-v1.ts";
import { DEPRECATED_VOLUMES } from "./pod-warnings.ts";

const CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class";
const MOUNT_ANNOTATION = "volume.beta.kubernetes.io/mount-options";

/** Upstream's warnings about claims: an annotation of old, and parts of a byte. */
export function claimWarnings({ metadata, spec }: PersistentVolumeClaim): string[] {
  const found: string[] = [];
  if (metadata.annotations?.[CLASS_ANNOTATION] !== undefined) {
    found.push(
      `metadata.annotations[${CLASS_ANNOTATION}]: deprecated since v1.8; use "storageClassName" attribute instead`,
    );
  }
  const storage = spec.resources?.requests?.storage;
  if (storage !== undefined && parseQuantity(storage).nano % 1_000_000_000n !== 0n) {
    found.push(
      `spec.resources.requests[storage]: fractional byte value ${JSON.stringify(storage)} is invalid, must be an integer`,
    );
  }
  return found;
}

/** Upstream's warnings about volumes: annotations and sources of old, and a policy that nobody should choose. */
export function volumeWarnings({ metadata, spec }: PersistentVolume): string[] {
  const found: string[] = [];
  for (const [annotation, why] of [
    [CLASS_ANNOTATION, 'deprecated since v1.8; use "storageClassName" attribute instead'],
    [MOUNT_ANNOTATION, 'deprecated since v1.31; use "mountOptions" attribute instead'],
  ] as const) {
    if (metadata.annotations?.[annotation] !== undefined) found.push(`metadata.annotations[${annotation}]: ${why}`);
  }
  if (spec.persistentVolumeReclaimPolicy === "Recycle") {
    found.push(
      "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.",
    );
  }
  const sources: Readonly<Record<string, unknown>> = { ...spec };
  for (const [source, why] of DEPRECATED_VOLUMES) {
    if (sources[source] !== undefined) found.push(`spec.${source}: ${why}`);
  }
  return found;
}
