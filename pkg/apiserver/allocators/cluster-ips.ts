import type { IPAddress } from "#pkg/api/types/networking-v1.ts";
import type { Service } from "#pkg/api/types/core-v1.ts";
import type { Logger } from "#pkg/log/index.ts";
import { ConflictError } from "#pkg/store/types.ts";
import type { HookTransaction, ObjectReader, ObjectWriter, ResourceHooks } from "../types.ts";
import { IP_ADDRESSES, ipAddressOf, isManaged, serviceOf } from "./ip-address-object.ts";
import type { ServiceRange, ServiceRanges } from "./service-ranges.ts";

export interface ClusterIpsOptions {
  readonly reader: ObjectReader;
  readonly writer: ObjectWriter;
  readonly ranges: ServiceRanges;
  /** Address to "namespace/name" of the only Service that may have it. */
  readonly reserved: ReadonlyMap<string, string>;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Writes of the repair at start that are under way at once. */
const REPAIR_STEP = 64;

/**
 * Which address is whose. An address is taken when a Service holds it or an IPAddress of its name exists, whoever made
 * that. Each Service's address has an IPAddress, which is stored with the Service and goes after it.
 */
export class ClusterIps {
  readonly #options: ClusterIpsOptions;
  /** Address to "namespace/name" of the Service that has it; "" while somebody's IPAddress of that name is being made. */
  readonly #holders = new Map<string, string>();
  #loaded = false;

  constructor(options: ClusterIpsOptions) {
    this.#options = options;
  }

  /** An address that nobody has, now held; undefined when all ranges are full. */
  takeNext(service: string): string | undefined {
    this.#load();
    for (const range of this.#options.ranges.all) {
      const address = this.#freeIn(range, service);
      if (address === undefined) continue;
      this.#holders.set(address, service);
      return address;
    }
    return undefined;
  }

  /** False when somebody else has it. Whether it lies in a range is the caller's to ask. */
  take(address: string, service: string): boolean {
    this.#load();
    if (this.#isTaken(address, service)) return false;
    this.#holders.set(address, service);
    return true;
  }

  /** For an address that was taken and is not used after all. */
  release(address: string): void {
    this.#holders.delete(address);
  }

  /** Writes the IPAddress; never rejects: what is missing is made by the repair. */
  async record(address: string, service: string): Promise<void> {
    const { writer, log, now } = this.#options;
    try {
      await writer.create(IP_ADDRESSES, ipAddressOf(address, service, now()));
    } catch (err) {
      if (!(err instanceof ConflictError))
        log.warn("cannot record the address of a service", { address, service, err });
    }
  }

  /** Removes the IPAddress and gives the address back; never rejects. */
  async forget(address: string, service: string): Promise<void> {
    const { writer, log } = this.#options;
    try {
      await writer.remove(IP_ADDRESSES, "", address, (object) => serviceOf(object) === service);
    } catch (err) {
      log.warn("cannot remove the record of an address", { address, service, err });
    }
    if (this.#holders.get(address) === service) this.#holders.delete(address);
  }

  /** At start: makes the IPAddresses that are missing and removes those of Services that are gone. */
  async repair(): Promise<void> {
    this.#load();
    const { reader, writer } = this.#options;
    const work: (() => Promise<void>)[] = [];
    for (const [address, service] of this.#holders) {
      if (service !== "" && reader.get(IP_ADDRESSES, "", address) === undefined)
        work.push(async () => {
          if (this.#holders.get(address) === service) await this.record(address, service);
        });
    }
    for (const object of reader.list(IP_ADDRESSES)) {
      const address = object.metadata.name;
      if (!isManaged(object) || this.#isRight(object as IPAddress)) continue;
      work.push(async () => {
        await writer.remove(IP_ADDRESSES, "", address, (now) => isManaged(now) && !this.#isRight(now as IPAddress));
        const service = this.#holders.get(address);
        if (service !== undefined && service !== "") await this.record(address, service);
      });
    }
    for (let at = 0; at < work.length; at += REPAIR_STEP)
      await Promise.all(work.slice(at, at + REPAIR_STEP).map(async (each) => await each()));
  }

  /** Hooks of IPAddresses that users write: an address that is being given away is not free for the other. */
  get hooks(): ResourceHooks {
    return {
      beginCreate: async (object: IPAddress, { dryRun }) => {
        this.#load();
        const address = object.metadata.name;
        if (dryRun || this.#holders.has(address)) return undefined;
        this.#holders.set(address, "");
        const done = (): void => {
          if (this.#holders.get(address) === "") this.#holders.delete(address);
        };
        return { commit: done, rollback: done } satisfies HookTransaction;
      },
      afterDelete: async (object: IPAddress) => {
        const address = object.metadata.name;
        const service = this.#holders.get(address);
        // The Service still has it, so it is still taken.
        if (service !== undefined && service !== "") await this.record(address, service);
      },
    };
  }

  #isRight(object: IPAddress): boolean {
    const service = serviceOf(object);
    return service !== undefined && this.#holders.get(object.metadata.name) === service;
  }

  #isTaken(address: string, service: string): boolean {
    const reserved = this.#options.reserved.get(address);
    if (reserved !== undefined && reserved !== service) return true;
    return this.#holders.has(address) || this.#options.reader.get(IP_ADDRESSES, "", address) !== undefined;
  }

  /** The upper band first, each from a random start, which keeps an address that was just released from coming back. */
  #freeIn({ range, lowerBand }: ServiceRange, service: string): string | undefined {
    for (const [from, to] of [
      [lowerBand, range.size],
      [0, lowerBand],
    ] as const) {
      const count = to - from;
      const start = Math.floor(Math.random() * count);
      for (let i = 0; i < count; i++) {
        const address = range.at(from + ((start + i) % count));
        if (!this.#isTaken(address, service)) return address;
      }
    }
    return undefined;
  }

  #load(): void {
    if (this.#loaded) return;
    this.#loaded = true;
    for (const object of this.#options.reader.list("services")) {
      const service = object as Service;
      const name = `${service.metadata.namespace}/${service.metadata.name}`;
      for (const address of service.spec?.clusterIPs ?? []) {
        if (address === "None" || address === "") continue;
        const other = this.#holders.get(address);
        if (other === undefined) this.#holders.set(address, name);
        else this.#options.log.warn("two services hold one cluster IP", { ip: address, service: name, other });
      }
    }
  }
}
