import { addressText, parseCidr } from "#pkg/api/address.ts";

/** The first usable address of an IPv4 pod CIDR: the bridge's own. @throws when it is none */
export function gatewayOf(podCidr: string): { readonly address: string; readonly prefix: number } {
  const { family, base, prefix } = parseCidr(podCidr);
  if (family !== "IPv4") throw new Error(`"${podCidr}" is not an IPv4 CIDR like 10.42.0.0/16`);
  return { address: addressText(base + 1n, family), prefix };
}
