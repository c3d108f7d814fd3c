import type { Mutable } from "../resource-ref.ts";
import type { DownwardAPIVolumeFile, ProjectedVolumeSource, Volume } from "../types/core-v1.ts";
import { defaultPullPolicy } from "./pull-policy.ts";

const MODE = 0o644;

/** Upstream's SetDefaults_Volume and those of its sources; a volume that names no source is an emptyDir. */
export function defaultVolume(volume: Mutable<Volume>): void {
  if (Object.keys(volume).every((key) => key === "name")) volume.emptyDir = {};
  if (volume.secret !== undefined) volume.secret.defaultMode ??= MODE;
  if (volume.configMap !== undefined) volume.configMap.defaultMode ??= MODE;
  if (volume.downwardAPI !== undefined) {
    volume.downwardAPI.defaultMode ??= MODE;
    defaultFiles(volume.downwardAPI.items);
  }
  if (volume.projected !== undefined) defaultProjected(volume.projected);
  if (volume.hostPath !== undefined) volume.hostPath.type ??= "";
  if (volume.image !== undefined) volume.image.pullPolicy ||= defaultPullPolicy(volume.image.reference ?? "");
  if (volume.ephemeral?.volumeClaimTemplate !== undefined) {
    const claim = volume.ephemeral.volumeClaimTemplate;
    claim.metadata ??= {};
    if (claim.spec !== undefined) claim.spec.volumeMode ??= "Filesystem";
  }
  defaultNetworkVolume(volume);
}

/** Of volumes in pods and of PersistentVolumes. */
export function defaultNetworkVolume(volume: Mutable<Volume>): void {
  if (volume.iscsi !== undefined) volume.iscsi.iscsiInterface ||= "default";
  if (volume.rbd !== undefined) {
    volume.rbd.pool ||= "rbd";
    volume.rbd.user ||= "admin";
    volume.rbd.keyring ||= "/etc/ceph/keyring";
  }
  if (volume.azureDisk !== undefined) {
    volume.azureDisk.cachingMode ??= "ReadWrite";
    volume.azureDisk.kind ??= "Shared";
    volume.azureDisk.fsType ??= "ext4";
    volume.azureDisk.readOnly ??= false;
  }
  if (volume.scaleIO !== undefined) {
    volume.scaleIO.storageMode ||= "ThinProvisioned";
    volume.scaleIO.fsType ||= "xfs";
  }
}

function defaultProjected(projected: Mutable<ProjectedVolumeSource>): void {
  projected.defaultMode ??= MODE;
  for (const source of projected.sources ?? []) {
    defaultFiles(source.downwardAPI?.items);
    if (source.serviceAccountToken !== undefined) source.serviceAccountToken.expirationSeconds ??= 3600;
  }
}

function defaultFiles(items: Mutable<readonly DownwardAPIVolumeFile[]> | undefined): void {
  for (const item of items ?? []) if (item.fieldRef !== undefined) item.fieldRef.apiVersion ||= "v1";
}
