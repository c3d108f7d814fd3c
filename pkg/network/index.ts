// The pod network of one node: bridge, route of the service CIDR, masquerading, CNI configuration.
// Reads the Node's spec.podCIDR; writes the bridge minik0, the chains MINIK-… and one CNI configuration file.
export { BRIDGE, CNI_CONFIG_FILE } from "./cni-config.ts";
export { gatewayOf } from "./cidr.ts";
export { Network, type NetworkOptions, removeNetwork } from "./network.ts";
