import { isIPv4, isIPv6, SocketAddress } from "node:net";

export type AddressFamily = "IPv4" | "IPv6";

export interface Cidr {
  readonly family: AddressFamily;
  /** The network's own address: bits of a host are zero. */
  readonly base: bigint;
  readonly prefix: number;
  /** Bits that count the addresses: 8 of a /24 of IPv4. */
  readonly hostBits: number;
}

/** "10.42.3.0/24" taken apart. @throws when it is no CIDR */
export function parseCidr(text: string): Cidr {
  const [address = "", bits = ""] = text.split("/");
  const number = addressNumber(address);
  const family = isIPv4(address) ? "IPv4" : "IPv6";
  const hostBits = (family === "IPv4" ? 32 : 128) - Number(bits);
  if (number === undefined || !/^\d+$/.test(bits) || hostBits < 0) throw new Error(`"${text}" is not a CIDR`);
  return { family, prefix: Number(bits), hostBits, base: (number >> BigInt(hostBits)) << BigInt(hostBits) };
}

/** The 32 or 128 bits of an address; undefined when the text is none. */
export function addressNumber(address: string): bigint | undefined {
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
  const number = addressNumber(group) ?? 0n;
  return [(number >> 16n).toString(16), (number & 0xffffn).toString(16)];
}

/** The address as text, IPv6 in the short form of RFC 5952. */
export function addressText(number: bigint, family: AddressFamily): string {
  if (family === "IPv4") return [24n, 16n, 8n, 0n].map((shift) => (number >> shift) & 255n).join(".");
  const groups = Array.from({ length: 8 }, (_, i) => ((number >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
  return new SocketAddress({ address: groups.join(":"), family: "ipv6" }).address;
}
