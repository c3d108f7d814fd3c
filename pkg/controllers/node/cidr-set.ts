import { isIPv6 } from "node:net";

/** Hands out equal parts of one network: a /24 of 10.42.0.0/16 for each node. */
export class CidrSet {
  readonly cluster: string;
  readonly #base: bigint;
  readonly #v6: boolean;
  readonly #mask: number;
  readonly #count: number;
  readonly #used = new Set<number>();
  #next = 0;

  /** `nodeMaskSize` is the prefix length of a part. Throws when the network is unreadable or smaller than a part. */
  constructor(cluster: string, nodeMaskSize: number) {
    const { address, prefix, v6 } = parseCidr(cluster);
    const width = v6 ? 128 : 32;
    if (nodeMaskSize < prefix || nodeMaskSize > width) {
      throw new Error(`Cannot cut ${cluster} into /${nodeMaskSize} networks`);
    }
    this.cluster = cluster;
    this.#v6 = v6;
    this.#mask = nodeMaskSize;
    this.#base = (address >> BigInt(width - prefix)) << BigInt(width - prefix);
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
    return 1n << BigInt((this.#v6 ? 128 : 32) - this.#mask);
  }

  #indexOf(cidr: string): number | undefined {
    const { address, v6 } = parseCidr(cidr);
    if (v6 !== this.#v6 || address < this.#base) return undefined;
    const index = (address - this.#base) / this.#step();
    return index < BigInt(this.#count) ? Number(index) : undefined;
  }

  #format(index: number): string {
    const address = this.#base + BigInt(index) * this.#step();
    return `${this.#v6 ? formatV6(address) : formatV4(address)}/${this.#mask}`;
  }
}

function parseCidr(text: string): { readonly address: bigint; readonly prefix: number; readonly v6: boolean } {
  const [ip = "", prefix = ""] = text.split("/");
  const v6 = isIPv6(ip);
  if (!/^\d+$/.test(prefix) || (!v6 && !/^\d+\.\d+\.\d+\.\d+$/.test(ip))) throw new Error(`"${text}" is not a CIDR`);
  return { address: v6 ? parseV6(ip) : parseV4(ip), prefix: Number(prefix), v6 };
}

const parseV4 = (ip: string): bigint => ip.split(".").reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
const formatV4 = (address: bigint): string => [24n, 16n, 8n, 0n].map((bits) => (address >> bits) & 0xffn).join(".");

function parseV6(ip: string): bigint {
  const [head = "", tail] = ip.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - left.length - right.length }, () => "0");
  return [...left, ...zeros, ...right].reduce((sum, part) => (sum << 16n) | BigInt(`0x${part}`), 0n);
}

/** As Go prints it: the longest run of zero groups shortened. */
function formatV6(address: bigint): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((address >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
  let best = { start: 0, length: 0 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === "0") length++;
    if (length > best.length) best = { start, length };
  }
  if (best.length < 2) return groups.join(":");
  return `${groups.slice(0, best.start).join(":")}::${groups.slice(best.start + best.length).join(":")}`;
}
