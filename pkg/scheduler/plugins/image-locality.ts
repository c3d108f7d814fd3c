import type { ImageState } from "../cache.ts";
import type { ScorePlugin } from "../types.ts";
import { MAX_SCORE } from "../types.ts";

const MB = 1 << 20;
/** Below this nothing is gained, from the maximum (per container) on everything. */
const MIN_BYTES = 23 * MB;
const MAX_CONTAINER_BYTES = 1000 * MB;

/** What the plugin reads of the cluster. */
export interface Images {
  readonly nodes: readonly unknown[];
  image(name: string): ImageState | undefined;
}

/** Prefers nodes that have large images of the pod; images on few nodes count less, so that pods do not pile up there. */
export function imageLocality(cluster: Images): ScorePlugin {
  return {
    name: "ImageLocality",
    weight: 1,
    prepareScore: ({ pod }) => {
      const images: ImageState[] = [];
      for (const { image } of pod.spec.containers) {
        const state = image === undefined ? undefined : cluster.image(normalized(image));
        if (state !== undefined) images.push(state);
      }
      if (images.length === 0) return undefined;
      const most = MAX_CONTAINER_BYTES * pod.spec.containers.length;
      return {
        score: (node) => {
          let bytes = 0;
          for (const { sizeBytes, nodes } of images) {
            if (nodes.has(node.name)) bytes += Math.floor((sizeBytes * nodes.size) / cluster.nodes.length);
          }
          const bounded = Math.min(Math.max(bytes, MIN_BYTES), most);
          return Math.floor((MAX_SCORE * (bounded - MIN_BYTES)) / (most - MIN_BYTES));
        },
      };
    },
  };
}

/** Without tag or digest a name means "latest". */
function normalized(image: string): string {
  return image.lastIndexOf(":") > image.lastIndexOf("/") ? image : `${image}:latest`;
}
