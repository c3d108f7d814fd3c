import { addressNumber, addressText, type AddressFamily, parseCidr } from "#pkg/api/address.ts";

/** Addresses of a CIDR that can be given out: all but the first, and in IPv4 but the last. */
export class AddressRange {
  readonly cidr: string;
  readonly family: AddressFamily;
  readonly size: number;
  readonly #base: bigint;
  readonly #hostBits: number;

  /** Throws on text that is no CIDR. */
  constructor(cidr: string) {
    const { family, base, hostBits } = parseCidr(cidr);
    this.cidr = cidr;
    this.family = family;
    this.#base = base;
    this.#hostBits = hostBits;
    // As upstream, IPv6 ranges are used up to 2^16 addresses.
    const total = 2 ** (family === "IPv6" ? Math.min(hostBits, 16) : hostBits);
    this.size = Math.max(0, total - (family === "IPv4" ? 2 : 1));
  }

  /** 0 is the first address that can be given out. */
  at(index: number): string {
    return addressText(this.#base + 1n + BigInt(index), this.family);
  }

  /** Undefined outside the range. */
  indexOf(address: string): number | undefined {
    const number = addressNumber(address);
    if (number === undefined || address.includes(":") !== (this.family === "IPv6")) return undefined;
    const index = number - this.#base - 1n;
    return index >= 0n && index < BigInt(this.size) ? Number(index) : undefined;
  }
  /** Whether the address is of this network at all, first and last included. */
  covers(address: string): boolean {
    const number = addressNumber(address);
    if (number === undefined || address.includes(":") !== (this.family === "IPv6")) return false;
    return number >> BigInt(this.#hostBits) === this.#base >> BigInt(this.#hostBits);
  }
}
