/** "10.42.3.0/24" taken apart; addresses are unsigned 32-bit numbers. @throws when it is no IPv4 CIDR */
export function parseCidr(cidr: string): { readonly base: number; readonly prefix: number } {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr);
  const parts = match?.slice(1, 5).map(Number) ?? [];
  const prefix = Number(match?.[5]);
  if (match === null || parts.some((p) => p > 255) || prefix > 32)
    throw new Error(`"${cidr}" is not an IPv4 CIDR like 10.42.0.0/16`);
  const address = parts.reduce((sum, part) => sum * 256 + part, 0);
  const size = 2 ** (32 - prefix);
  return { base: Math.floor(address / size) * size, prefix };
}

export function formatIPv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}

/** The first usable address of a pod CIDR: the bridge's own. */
export function gatewayOf(podCidr: string): { readonly address: string; readonly prefix: number } {
  const { base, prefix } = parseCidr(podCidr);
  return { address: formatIPv4(base + 1), prefix };
}
