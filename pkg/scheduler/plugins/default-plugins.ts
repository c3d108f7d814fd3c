import type { Client } from "#pkg/client/index.ts";
import type { Cache } from "../cache.ts";
import type { Informers } from "../informers.ts";
import type { Plugins } from "../types.ts";
import { dynamicResources } from "./dynamic-resources.ts";
import { imageLocality } from "./image-locality.ts";
import { interPodAffinityFilter, interPodAffinityScore } from "./inter-pod-affinity.ts";
import { nodeAffinityFilter, nodeAffinityScore } from "./node-affinity.ts";
import { nodePorts } from "./node-ports.ts";
import { balancedAllocation, leastAllocated, nodeResourcesFit } from "./node-resources-fit.ts";
import { nodeUnschedulable } from "./node-unschedulable.ts";
import { PodCounts } from "./pod-counts.ts";
import { podTopologySpreadFilter, podTopologySpreadScore } from "./pod-topology-spread.ts";
import { taintTolerationFilter, taintTolerationScore } from "./taint-toleration.ts";
import { volumeBindingFilter, volumeBindingPreBind } from "./volume-binding.ts";
import { volumeRestrictions } from "./volume-restrictions.ts";

/** The plugins of upstream's default profile, in its order, with its weights. */
export function defaultPlugins(parts: {
  readonly client: Client;
  readonly cache: Cache;
  readonly informers: Informers;
}): Plugins {
  const { cache, informers } = parts;
  const counts = new PodCounts();
  return {
    filters: [
      nodeUnschedulable,
      taintTolerationFilter,
      nodeAffinityFilter,
      nodePorts,
      nodeResourcesFit,
      volumeRestrictions(cache, informers),
      volumeBindingFilter(informers),
      podTopologySpreadFilter(cache, counts),
      interPodAffinityFilter(cache),
      dynamicResources,
    ],
    scores: [
      taintTolerationScore,
      nodeAffinityScore,
      leastAllocated,
      podTopologySpreadScore(cache, informers, counts),
      interPodAffinityScore(cache),
      balancedAllocation,
      imageLocality(cache),
    ],
    preBinds: [volumeBindingPreBind(parts)],
  };
}
