import { addressText, type AddressFamily, parseCidr } from "#pkg/api/address.ts";

/** Hands out equal parts of one network: a /24 of 10.42.0.0/16 for each node. */
export class CidrSet {
  readonly cluster: string;
  readonly #base: bigint;
  readonly #family: AddressFamily;
  readonly #mask: number;
  readonly #count: number;
  readonly #used = new Set<number>();
  #next = 0;

  /** `nodeMaskSize` is the prefix length of a part. Throws when the network is unreadable or smaller than a part. */
  constructor(cluster: string, nodeMaskSize: number) {
    const { family, base, prefix, hostBits } = parseCidr(cluster);
    if (nodeMaskSize < prefix || nodeMaskSize > prefix + hostBits) {
      throw new Error(`Cannot cut ${cluster} into /${nodeMaskSize} networks`);
    }
    this.cluster = cluster;
    this.#family = family;
    this.#mask = nodeMaskSize;
    this.#base = base;
    // A larger space than anyone has nodes need not be counted whole.
    this.#count = 2 ** Math.min(nodeMaskSize - prefix, 20);
  }

  /** The next free part; undefined when all are taken. Freed parts are used again last. */
  allocate(): string | undefined {
    for (let tried = 0; tried < this.#count; tried++) {
      const index = (this.#next + tried) % this.#count;
      if (this.#used.has(index)) continue;
      this.#used.add(index);
      this.#next = (index + 1) % this.#count;
      return this.#format(index);
    }
    return undefined;
  }

  /** Marks a part as taken, e.g. one that a node had before a restart; false when it is no part of this network. */
  occupy(cidr: string): boolean {
    const index = this.#indexOf(cidr);
    if (index === undefined) return false;
    this.#used.add(index);
    return true;
  }

  release(cidr: string): void {
    const index = this.#indexOf(cidr);
    if (index !== undefined) this.#used.delete(index);
  }

  #step(): bigint {
    return 1n << BigInt((this.#family === "IPv6" ? 128 : 32) - this.#mask);
  }

  #indexOf(cidr: string): number | undefined {
    const { family, base } = parseCidr(cidr);
    if (family !== this.#family || base < this.#base) return undefined;
    const index = (base - this.#base) / this.#step();
    return index < BigInt(this.#count) ? Number(index) : undefined;
  }

  #format(index: number): string {
    const address = this.#base + BigInt(index) * this.#step();
    return `${addressText(address, this.#family)}/${this.#mask}`;
  }
}
