import type { Cache } from "../cache.ts";
import type { Informers } from "../informers.ts";
import type { PodInfo } from "../pod-info.ts";
import type { FilterPlugin } from "../types.ts";

const CONFLICT = {
  reasons: ["node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode"],
  unresolvable: false,
};

/** A claim with access mode ReadWriteOncePod serves one pod of the cluster at a time. */
export function volumeRestrictions(cluster: Pick<Cache, "nodes">, { claims }: Pick<Informers, "claims">): FilterPlugin {
  return {
    name: "VolumeRestrictions",
    retryOn: ["AssignedPodDelete", "Volume"],
    prepareFilter: ({ pod, claims: wanted }) => {
      const { namespace = "" } = pod.metadata;
      const exclusive = new Set(
        wanted.filter((name) => claims.lister.get({ namespace, name })?.spec.accessModes?.includes("ReadWriteOncePod")),
      );
      if (exclusive.size === 0) return undefined;
      const holds = (other: PodInfo): number =>
        other.pod.metadata.namespace === namespace && other.claims.some((name) => exclusive.has(name)) ? 1 : 0;
      let users = 0;
      for (const node of cluster.nodes) for (const other of node.pods.values()) users += holds(other);
      return {
        filter: {
          check: () => (users > 0 ? CONFLICT : undefined),
          addPod: (other) => void (users += holds(other)),
          removePod: (other) => void (users -= holds(other)),
        },
      };
    },
  };
}
