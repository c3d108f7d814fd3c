import type { Pod } from "#pkg/api/types/core-v1.ts";
import type { VolumePlugin } from "./types.ts";

/** Gets an image onto the node and resolves to what the runtime calls it. */
export interface VolumeImages {
  pull(pod: Pod, reference: string, policy: string, signal: AbortSignal): Promise<string>;
}

/** The files of an image (KEP-4639), which the runtime mounts read-only. Undefined images: the runtime cannot. */
export function imagePlugin(images: VolumeImages | undefined): VolumePlugin {
  return {
    name: "image",
    supports: (volume) => volume.image !== undefined,
    async setUp(pod, volume, signal) {
      if (images === undefined)
        throw new Error("image volumes are not supported by the container runtime of this node");
      const { reference = "", pullPolicy = "IfNotPresent" } = volume.image ?? {};
      const image = await images.pull(pod, reference, pullPolicy, signal);
      return { hostPath: "", readOnly: true, relabel: false, image: { image, userSpecifiedImage: reference } };
    },
  };
}
