import type { PodDirs } from "../pod-dirs.ts";
import { contentVolume } from "./content-volume.ts";
import { type DownwardSources, downwardFiles } from "./downward-api-files.ts";
import { DEFAULT_MODE } from "./payload.ts";
import type { VolumePlugin } from "./types.ts";

/** The pod's own fields as files; follows its labels and annotations. */
export function downwardApiPlugin(parts: { readonly dirs: PodDirs; readonly downward: DownwardSources }): VolumePlugin {
  return {
    name: "downward-api",
    supports: (volume) => volume.downwardAPI !== undefined,
    async setUp(pod, volume) {
      const { items = [], defaultMode = DEFAULT_MODE } = volume.downwardAPI ?? {};
      const dir = parts.dirs.tmpfsVolume(pod.metadata.uid, "downward-api", volume.name);
      return await contentVolume(dir, pod, downwardFiles(pod, items, defaultMode, parts.downward));
    },
  };
}
