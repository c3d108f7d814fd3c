import type { FilterPlugin } from "../types.ts";
import { tolerates } from "./tolerations.ts";

const UNSCHEDULABLE = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };
const FAILURE = { reasons: ["node(s) were unschedulable"], unresolvable: true };

/** Cordoned nodes take only pods that tolerate it. */
export const nodeUnschedulable: FilterPlugin = {
  name: "NodeUnschedulable",
  retryOn: ["NodeAdd", "NodeTaint"],
  prepareFilter: ({ pod }) => {
    if (tolerates(pod.spec.tolerations, UNSCHEDULABLE)) return undefined;
    return { filter: { check: ({ node }) => (node?.spec?.unschedulable === true ? FAILURE : undefined) } };
  },
};
