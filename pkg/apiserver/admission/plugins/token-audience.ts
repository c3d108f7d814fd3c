import type { PersistentVolume, PersistentVolumeClaim, Pod, Volume } from "#pkg/api/types/core-v1.ts";
import type { CSIDriver } from "#pkg/api/types/storage-v1.ts";
import type { ObjectReader } from "../../types.ts";

/** Whether a volume of the pod needs a token for this audience; "" is the API server's own (KEP-4193). */
export function podNeedsAudience(reader: ObjectReader, pod: Pod, audience: string): boolean {
  return (pod.spec.volumes ?? []).some((volume) => {
    const sources = volume.projected?.sources ?? [];
    if (sources.some(({ serviceAccountToken: token }) => token !== undefined && (token.audience ?? "") === audience))
      return true;
    const driver = driverOf(reader, pod, volume);
    if (driver === undefined) return false;
    const found = reader.get("storage.k8s.io/csidrivers", "", driver) as CSIDriver | undefined;
    return found?.spec?.tokenRequests?.some((request) => (request.audience ?? "") === audience) === true;
  });
}

/** The CSI driver of a volume, of its own or through its claim. */
function driverOf(reader: ObjectReader, { metadata }: Pod, volume: Volume): string | undefined {
  if (volume.csi !== undefined) return volume.csi.driver;
  const claimName =
    volume.ephemeral === undefined ? volume.persistentVolumeClaim?.claimName : `${metadata.name}-${volume.name}`;
  if (claimName === undefined) return undefined;
  const claim = reader.get("persistentvolumeclaims", metadata.namespace ?? "", claimName) as
    | PersistentVolumeClaim
    | undefined;
  const { volumeName = "" } = claim?.spec ?? {};
  return (reader.get("persistentvolumes", "", volumeName) as PersistentVolume | undefined)?.spec?.csi?.driver;
}
