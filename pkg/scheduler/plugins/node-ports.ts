import type { FilterPlugin } from "../types.ts";

const FAILURE = { reasons: ["node(s) didn't have free ports for the requested pod ports"], unresolvable: false };

/** A host port can be held by one pod per node and address. */
export const nodePorts: FilterPlugin = {
  name: "NodePorts",
  retryOn: ["NodeAdd", "AssignedPodDelete"],
  prepareFilter: ({ hostPorts }) => {
    if (hostPorts.length === 0) return undefined;
    return { filter: { check: (node) => (hostPorts.some((port) => node.isPortTaken(port)) ? FAILURE : undefined) } };
  },
};
