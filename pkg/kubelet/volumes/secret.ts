import type { ObjectReader } from "../object-cache.ts";
import type { PodDirs } from "../pod-dirs.ts";
import { contentVolume } from "./content-volume.ts";
import { DEFAULT_MODE, secretFiles, selectKeys } from "./payload.ts";
import type { VolumePlugin } from "./types.ts";

/** A Secret's keys as files that never reach a disk; follows the Secret. */
export function secretPlugin(parts: { readonly dirs: PodDirs; readonly objects: ObjectReader }): VolumePlugin {
  return {
    name: "secret",
    supports: (volume) => volume.secret !== undefined,
    async setUp(pod, volume) {
      const { secretName = "", items, defaultMode = DEFAULT_MODE, optional = false } = volume.secret ?? {};
      const secret = await parts.objects.secret(pod.metadata.namespace ?? "", secretName);
      if (secret === undefined && !optional) throw new Error(`secret "${secretName}" not found`);
      const files = secret === undefined ? new Map<string, Uint8Array>() : secretFiles(secret);
      const isOptional = optional || secret === undefined;
      const payload = selectKeys(files, items, { mode: defaultMode, optional: isOptional, kind: "secret" });
      const dir = parts.dirs.tmpfsVolume(pod.metadata.uid, "secret", volume.name);
      return await contentVolume(dir, pod, payload);
    },
  };
}
