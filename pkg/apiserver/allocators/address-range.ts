import { isIPv4, isIPv6, SocketAddress } from "node:net";

/** Addresses of a CIDR that can be given out: all but the first, and in IPv4 but the last. */
export class AddressRange {
  readonly cidr: string;
  readonly family: "IPv4" | "IPv6";
  readonly size: number;
  readonly #base: bigint;

  /** Throws on text that is no CIDR. */
  constructor(cidr: string) {
    const [address = "", bits = ""] = cidr.split("/");
    const isV4 = isIPv4(address);
    if ((!isV4 && !isIPv6(address)) || !/^\d+$/.test(bits)) throw new Error(`"${cidr}" is not a CIDR`);
    const hostBits = BigInt((isV4 ? 32 : 128) - Number(bits));
    this.cidr = cidr;
    this.family = isV4 ? "IPv4" : "IPv6";
    this.#base = ((toNumber(address) ?? 0n) >> hostBits) << hostBits;
    // As upstream, IPv6 ranges are used up to 2^16 addresses.
    const total = 1n << (hostBits > 16n && !isV4 ? 16n : hostBits);
    this.size = Math.max(0, Number(total) - (isV4 ? 2 : 1));
  }

  /** 0 is the first address that can be given out. */
  at(index: number): string {
    return toText(this.#base + 1n + BigInt(index), this.family);
  }

  /** Undefined outside the range. */
  indexOf(address: string): number | undefined {
    const number = toNumber(address);
    if (number === undefined || isIPv4(address) !== (this.family === "IPv4")) return undefined;
    const index = number - this.#base - 1n;
    return index >= 0n && index < BigInt(this.size) ? Number(index) : undefined;
  }
}

function toNumber(address: string): bigint | undefined {
  if (isIPv4(address)) return address.split(".").reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  if (!isIPv6(address)) return undefined;
  const [left = "", right] = address.split("::");
  const groups = (text: string): string[] => (text === "" ? [] : text.split(":").flatMap(dottedToGroups));
  const head = groups(left);
  const tail = right === undefined ? [] : groups(right);
  const middle = Array.from({ length: 8 - head.length - tail.length }, () => "0");
  return [...head, ...middle, ...tail].reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

function dottedToGroups(group: string): string[] {
  if (!group.includes(".")) return [group];
  const number = toNumber(group) ?? 0n;
  return [(number >> 16n).toString(16), (number & 0xffffn).toString(16)];
}

function toText(number: bigint, family: "IPv4" | "IPv6"): string {
  if (family === "IPv4") return [24n, 16n, 8n, 0n].map((shift) => (number >> shift) & 255n).join(".");
  const groups = Array.from({ length: 8 }, (_, i) => ((number >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
  // SocketAddress writes the short form of RFC 5952.
  return new SocketAddress({ address: groups.join(":"), family: "ipv6" }).address;
}
