import { type AddressFamily, parseCidr } from "#pkg/api/address.ts";
import type { ServiceCIDR } from "#pkg/api/types/networking-v1.ts";
import type { ObjectReader } from "../types.ts";
import { AddressRange } from "./address-range.ts";

export const SERVICE_CIDRS = "networking.k8s.io/servicecidrs";
/** The ServiceCIDR of --service-cidr. */
export const DEFAULT_SERVICE_CIDR = "kubernetes";

/** One range to take addresses from, and how many of its first ones are left to those who ask for a certain one. */
export interface ServiceRange {
  readonly range: AddressRange;
  readonly lowerBand: number;
}

/**
 * The ranges that addresses are taken from now: those of all ServiceCIDRs that are ready (KEP-1880). Until the object of
 * --service-cidr was made for the first time, the flag stands for it.
 */
export class ServiceRanges {
  readonly #reader: ObjectReader;
  readonly #serviceCidr: string;
  readonly family: AddressFamily;
  #ranges: readonly ServiceRange[] | undefined;

  constructor(reader: ObjectReader, serviceCidr: string) {
    this.#reader = reader;
    this.#serviceCidr = serviceCidr;
    this.family = parseCidr(serviceCidr).family;
    reader.onChange(SERVICE_CIDRS, () => (this.#ranges = undefined));
  }

  get all(): readonly ServiceRange[] {
    this.#ranges ??= this.#read();
    return this.#ranges;
  }

  /** Why an address cannot be given out, in upstream's words; undefined when it can. */
  refuses(address: string): string | undefined {
    const covering = this.all.filter(({ range }) => range.covers(address));
    if (covering.some(({ range }) => range.indexOf(address) !== undefined)) return undefined;
    const [found] = covering;
    if (found === undefined) return "the provided network does not match the current range";
    // The network's own address, or the one that reaches all of it.
    return `the provided IP (${address}) is not in the valid range. The range of valid IPs is ${found.range.cidr}`;
  }

  #read(): ServiceRange[] {
    const objects = this.#reader.list(SERVICE_CIDRS) as readonly ServiceCIDR[];
    const cidrs = new Set<string>();
    if (!objects.some((object) => object.metadata.name === DEFAULT_SERVICE_CIDR)) cidrs.add(this.#serviceCidr);
    for (const object of objects) if (isReady(object)) for (const cidr of object.spec?.cidrs ?? []) cidrs.add(cidr);
    return [...cidrs]
      .map((cidr) => new AddressRange(cidr))
      .filter((range) => range.family === this.family)
      .map((range) => ({ range, lowerBand: lowerBandOf(range.size) }));
  }
}

/** As upstream, one without a condition is ready: nobody looked at it yet. */
function isReady(object: ServiceCIDR): boolean {
  const ready = object.status?.conditions?.find((condition) => condition.type === "Ready");
  return object.metadata.deletionTimestamp === undefined && (ready === undefined || ready.status === "True");
}

const lowerBandOf = (size: number): number => Math.min(Math.max(16, Math.floor(size / 16)), 256, size);
