import type { Cache } from "../cache.ts";
import type { Plugins } from "../types.ts";
import { imageLocality } from "./image-locality.ts";
import { nodeAffinityFilter, nodeAffinityScore } from "./node-affinity.ts";
import { nodePorts } from "./node-ports.ts";
import { balancedAllocation, leastAllocated, nodeResourcesFit } from "./node-resources-fit.ts";
import { nodeUnschedulable } from "./node-unschedulable.ts";
import { taintTolerationFilter, taintTolerationScore } from "./taint-toleration.ts";

/** The plugins of upstream's default profile, in its order, with its weights. */
export function defaultPlugins(parts: { readonly cache: Cache }): Plugins {
  return {
    filters: [nodeUnschedulable, taintTolerationFilter, nodeAffinityFilter, nodePorts, nodeResourcesFit],
    scores: [taintTolerationScore, nodeAffinityScore, leastAllocated, balancedAllocation, imageLocality(parts.cache)],
    preBinds: [],
  };
}
