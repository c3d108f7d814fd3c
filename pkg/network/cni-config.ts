/** The bridge that pods of this node are plugged into. */
export const BRIDGE = "minik0";

/** Files of other plugins sort after it, so that the runtime picks this one. */
export const CNI_CONFIG_FILE = "05-minik.conflist";

/**
 * The CNI configuration of a node: bridge with hairpin (a pod may reach itself through a Service), host-local addresses
 * out of the node's pod CIDR, host ports. Masquerading is one rule for the node (`masquerade.ts`), not one per pod.
 */
export function cniConfig(options: {
  readonly podCidr: string;
  readonly mtu: number;
  readonly stateDir: string;
}): string {
  return `${JSON.stringify(
    {
      cniVersion: "0.4.0",
      name: "minik",
      plugins: [
        {
          type: "bridge",
          bridge: BRIDGE,
          isGateway: true,
          hairpinMode: true,
          mtu: options.mtu,
          ipam: {
            type: "host-local",
            dataDir: options.stateDir,
            ranges: [[{ subnet: options.podCidr }]],
            routes: [{ dst: "0.0.0.0/0" }],
          },
        },
        { type: "portmap", capabilities: { portMappings: true }, snat: true },
      ],
    },
    null,
    2,
  )}\n`;
}
