import type { ObjectReader } from "../object-cache.ts";
import type { PodDirs } from "../pod-dirs.ts";
import { contentVolume } from "./content-volume.ts";
import { configMapFiles, DEFAULT_MODE, selectKeys } from "./payload.ts";
import type { VolumePlugin } from "./types.ts";

/** A ConfigMap's keys as files; follows the ConfigMap. */
export function configMapPlugin(parts: { readonly dirs: PodDirs; readonly objects: ObjectReader }): VolumePlugin {
  return {
    name: "configmap",
    supports: (volume) => volume.configMap !== undefined,
    async setUp(pod, volume) {
      const { name = "", items, defaultMode = DEFAULT_MODE, optional = false } = volume.configMap ?? {};
      const map = await parts.objects.configMap(pod.metadata.namespace ?? "", name);
      if (map === undefined && !optional) throw new Error(`configmap "${name}" not found`);
      const files = map === undefined ? new Map<string, Uint8Array>() : configMapFiles(map);
      const isOptional = optional || map === undefined;
      const payload = selectKeys(files, items, { mode: defaultMode, optional: isOptional, kind: "config" });
      const dir = parts.dirs.volume(pod.metadata.uid, "configmap", volume.name);
      return await contentVolume(dir, pod, payload);
    },
  };
}
