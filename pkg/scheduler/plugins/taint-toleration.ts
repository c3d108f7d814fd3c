import type { NodeInfo } from "../node-info.ts";
import type { FilterPlugin, ScorePlugin } from "../types.ts";
import { reverseToMax } from "./normalize.ts";
import { tolerates } from "./tolerations.ts";

/** NoSchedule and NoExecute taints keep pods away that do not tolerate them. */
export const taintTolerationFilter: FilterPlugin = {
  name: "TaintToleration",
  retryOn: ["NodeAdd", "NodeTaint"],
  prepareFilter: ({ pod }) => ({
    filter: {
      check: ({ taints }) => {
        for (const taint of taints) {
          if (taint.effect === "PreferNoSchedule" || tolerates(pod.spec.tolerations, taint)) continue;
          const reason = `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ""}}`;
          return { reasons: [reason], unresolvable: true };
        }
        return undefined;
      },
    },
  }),
};

/** Prefers nodes with fewer PreferNoSchedule taints that the pod does not tolerate. */
export const taintTolerationScore: ScorePlugin = {
  name: "TaintToleration",
  weight: 3,
  prepareScore: ({ pod }, nodes) => {
    const soft = (node: NodeInfo): number => {
      let count = 0;
      for (const taint of node.taints) {
        if (taint.effect === "PreferNoSchedule" && !tolerates(softTolerations, taint)) count++;
      }
      return count;
    };
    const softTolerations = pod.spec.tolerations?.filter(({ effect }) => !effect || effect === "PreferNoSchedule");
    // Without such taints all nodes would get the same.
    if (!nodes.some((node) => node.taints.some(({ effect }) => effect === "PreferNoSchedule"))) return undefined;
    return { score: soft, normalize: reverseToMax };
  },
};
