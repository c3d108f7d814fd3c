export const MASQUERADE_CHAIN = "MINIK-MASQUERADE";
export const FORWARD_CHAIN = "MINIK-FORWARD";

/** Pods leave the cluster with the node's address, and keep their own towards pods; multicast is left alone. */
export function masqueradeRules(podCidr: string, clusterCidr: string): string {
  return [
    "*nat",
    `:${MASQUERADE_CHAIN} - [0:0]`,
    `-A ${MASQUERADE_CHAIN} -d ${clusterCidr} -j RETURN`,
    `-A ${MASQUERADE_CHAIN} -d 224.0.0.0/4 -j RETURN`,
    `-A ${MASQUERADE_CHAIN} -s ${podCidr} -j MASQUERADE`,
    "COMMIT",
    "*filter",
    `:${FORWARD_CHAIN} - [0:0]`,
    `-A ${FORWARD_CHAIN} -s ${clusterCidr} -j ACCEPT`,
    `-A ${FORWARD_CHAIN} -d ${clusterCidr} -j ACCEPT`,
    "COMMIT",
    "",
  ].join("\n");
}

/** How the chains are reached: [table, rule]. */
export const MASQUERADE_JUMP = ["nat", ["POSTROUTING", "-j", MASQUERADE_CHAIN]] as const;
export const FORWARD_JUMP = ["filter", ["FORWARD", "-j", FORWARD_CHAIN]] as const;
