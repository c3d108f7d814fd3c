import { isIP } from "node:net";
import type { Mutable } from "#pkg/api/resource-ref.ts";
import type { Service } from "#pkg/api/types/core-v1.ts";
import { type FieldError, fieldError, internalError, invalid } from "#pkg/errors/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import type { HookTransaction, ObjectReader, ObjectWriter, ResourceHooks } from "../types.ts";
import { AddressRange } from "./address-range.ts";
import { BandedAllocator } from "./banded-allocator.ts";
import { ClusterIps } from "./cluster-ips.ts";
import {
  dropTypeDependentFields,
  initIpFamilies,
  isHeadless,
  keepAllocated,
  needsClusterIp,
  needsHealthCheckNodePort,
  needsNodePort,
  nodePortsOf,
  normalizeClusterIps,
} from "./service-fields.ts";
import { ServiceRanges } from "./service-ranges.ts";
import { Transaction } from "./transaction.ts";

export interface ServiceAllocatorOptions {
  readonly reader: ObjectReader;
  readonly writer: ObjectWriter;
  readonly log: Logger;
  /** Milliseconds since 1970; the clock unless told. */
  readonly now?: () => number;
  /** "10.43.0.0/16": the range of the ServiceCIDR "kubernetes". */
  readonly serviceCidr: string;
  /** Kept for kube-system/kube-dns. */
  readonly clusterDns?: string;
  /** Both ends belong to it. */
  readonly nodePortRange: { readonly from: number; readonly to: number };
}

type OwnService = Mutable<Service>;
const IPS = "spec.clusterIPs";

/**
 * Gives Services their cluster IPs and node ports, together with the write that stores them. Addresses are recorded as
 * IPAddress objects; node ports have no other record than the Services, which are read once, before the first write.
 */
export class ServiceAllocator implements ResourceHooks {
  readonly #reader: ObjectReader;
  readonly #log: Logger;
  readonly #ranges: ServiceRanges;
  readonly #ips: ClusterIps;
  readonly #ports: BandedAllocator;
  readonly #portRange: { readonly from: number; readonly to: number };
  /** The address of default/kubernetes. */
  readonly firstAddress: string;
  #loaded = false;

  constructor(options: ServiceAllocatorOptions) {
    const { reader, writer, log, now = Date.now, serviceCidr, clusterDns } = options;
    this.#reader = reader;
    this.#log = log;
    this.#ranges = new ServiceRanges(reader, serviceCidr);
    this.firstAddress = new AddressRange(serviceCidr).at(0);
    const reserved = new Map([[this.firstAddress, "default/kubernetes"]]);
    if (clusterDns !== undefined) reserved.set(clusterDns, "kube-system/kube-dns");
    this.#ips = new ClusterIps({ reader, writer, ranges: this.#ranges, reserved, log, now });
    this.#portRange = options.nodePortRange;
    const ports = options.nodePortRange.to - options.nodePortRange.from + 1;
    // Small ranges have no lower band.
    const portBand = ports < 16 ? 0 : Math.min(Math.max(16, Math.floor(ports / 32)), 128);
    this.#ports = new BandedAllocator({ size: ports, lowerBand: portBand });
  }

  /** For "networking.k8s.io/ipaddresses". */
  get ipAddressHooks(): ResourceHooks {
    return this.#ips.hooks;
  }

  /** At start: IPAddresses for Services that have none, and no IPAddresses of Services that are gone. */
  async repair(): Promise<void> {
    await this.#ips.repair();
  }

  async beginCreate(service: OwnService): Promise<HookTransaction> {
    this.#load();
    const spec = (service.spec ??= {});
    normalizeClusterIps(spec, undefined);
    this.#refuse(service, initIpFamilies(spec, this.#ranges.family));
    return this.#attempt((transaction) => {
      this.#allocateAddress(service, transaction);
      this.#allocatePorts(service, new Set(), transaction);
      this.#allocateHealthPort(service, 0, transaction);
    });
  }

  async beginUpdate(service: OwnService, old: Service): Promise<HookTransaction> {
    this.#load();
    const spec = (service.spec ??= {});
    const oldSpec = old.spec ?? {};
    keepAllocated(spec, oldSpec);
    normalizeClusterIps(spec, oldSpec);
    dropTypeDependentFields(spec, oldSpec);
    this.#refuse(service, initIpFamilies(spec, this.#ranges.family));
    return this.#attempt((transaction) => {
      const hadAddress = needsClusterIp(oldSpec) && isIP(oldSpec.clusterIPs?.[0] ?? "") !== 0;
      const keeps = needsClusterIp(spec) && !isHeadless(spec);
      if (!hadAddress) this.#allocateAddress(service, transaction);
      else if (!keeps) transaction.onCommit(() => this.#forgetAddresses(old));
      const before = new Set(nodePortsOf(old));
      this.#allocatePorts(service, before, transaction);
      this.#allocateHealthPort(service, oldSpec.healthCheckNodePort ?? 0, transaction);
      const after = new Set([...nodePortsOf(service as Service), spec.healthCheckNodePort ?? 0]);
      const gone = [...before, oldSpec.healthCheckNodePort ?? 0].filter((port) => port !== 0 && !after.has(port));
      transaction.onCommit(() => {
        for (const port of gone) this.#releasePort(port);
      });
    });
  }

  async afterDelete(service: Service): Promise<void> {
    this.#load();
    for (const port of [...nodePortsOf(service), service.spec?.healthCheckNodePort ?? 0]) this.#releasePort(port);
    await this.#forgetAddresses(service);
  }

  async #attempt(work: (transaction: Transaction) => void): Promise<Transaction> {
    const transaction = new Transaction();
    try {
      work(transaction);
    } catch (err) {
      await transaction.rollback();
      throw err;
    }
    return transaction;
  }

  #load(): void {
    if (this.#loaded) return;
    this.#loaded = true;
    for (const object of this.#reader.list("services")) {
      const service = object as Service;
      const name = `${service.metadata.namespace}/${service.metadata.name}`;
      for (const port of [...nodePortsOf(service), service.spec?.healthCheckNodePort ?? 0]) {
        const index = this.#portIndex(port);
        if (index !== undefined && !this.#ports.take(index)) {
          this.#log.warn("two services hold one node port", { port, service: name });
        }
      }
    }
  }

  #refuse(service: OwnService, errors: readonly FieldError[]): void {
    if (errors.length > 0) throw invalid("", "Service", service.metadata.name, errors);
  }

  #allocateAddress(service: OwnService, transaction: Transaction): void {
    const spec = service.spec ?? {};
    if (!needsClusterIp(spec) || isHeadless(spec)) return;
    const owner = `${service.metadata.namespace}/${service.metadata.name}`;
    const wanted = spec.clusterIPs?.[0] ?? "";
    if (wanted !== "") this.#takeAddress(service, wanted, owner);
    const address = wanted === "" ? this.#ips.takeNext(owner) : wanted;
    if (address === undefined) throw internalError("failed to allocate a serviceIP: range is full");
    transaction.onWriting(() => this.#ips.record(address, owner));
    transaction.onRollback(() =>
      transaction.hasWritten ? this.#ips.forget(address, owner) : this.#ips.release(address),
    );
    spec.clusterIP = address;
    spec.clusterIPs = [address];
  }

  #takeAddress(service: OwnService, ip: string, owner: string): void {
    if (isIP(ip) === 0) {
      const why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
      throw invalid("", "Service", service.metadata.name, [fieldError.invalid(`${IPS}[0]`, ip, why)]);
    }
    const refused = this.#ranges.refuses(ip);
    if (refused === undefined && this.#ips.take(ip, owner)) return;
    throw invalid("", "Service", service.metadata.name, [
      fieldError.invalid(
        IPS,
        service.spec?.clusterIPs,
        `failed to allocate IP ${ip}: ${refused ?? "provided IP is already allocated"}`,
      ),
    ]);
  }

  /** One port may serve several protocols of one Service, so it is taken once. */
  #allocatePorts(service: OwnService, held: ReadonlySet<number>, transaction: Transaction): void {
    const spec = service.spec ?? {};
    const mine = new Map<number, Set<string>>();
    const note = (port: number, protocol: string): void => {
      mine.set(port, (mine.get(port) ?? new Set()).add(protocol));
    };
    for (const [i, port] of (spec.ports ?? []).entries()) {
      const wanted = port.nodePort ?? 0;
      if (wanted === 0) continue;
      if (!held.has(wanted) && !mine.has(wanted)) {
        this.#takePort(service, wanted, `spec.ports[${i}].nodePort`, transaction);
      }
      note(wanted, port.protocol ?? "TCP");
    }
    if (!needsNodePort(spec)) return;
    for (const port of spec.ports ?? []) {
      if ((port.nodePort ?? 0) !== 0) continue;
      const protocol = port.protocol ?? "TCP";
      const twin = (spec.ports ?? []).find((p) => p.port === port.port && (p.nodePort ?? 0) !== 0)?.nodePort ?? 0;
      port.nodePort = twin !== 0 && mine.get(twin)?.has(protocol) !== true ? twin : this.#takeNextPort(transaction);
      note(port.nodePort, protocol);
    }
  }

  #allocateHealthPort(service: OwnService, held: number, transaction: Transaction): void {
    const spec = service.spec ?? {};
    if (!needsHealthCheckNodePort(spec)) return;
    const wanted = spec.healthCheckNodePort ?? 0;
    if (wanted === 0) spec.healthCheckNodePort = this.#takeNextPort(transaction);
    else if (wanted !== held) this.#takePort(service, wanted, "spec.healthCheckNodePort", transaction);
  }

  #takePort(service: OwnService, port: number, field: string, transaction: Transaction): void {
    const index = this.#portIndex(port);
    const { from, to } = this.#portRange;
    let why = "";
    if (index === undefined) why = `provided port is not in the valid range. The range of valid ports is ${from}-${to}`;
    else if (!this.#ports.take(index)) why = "provided port is already allocated";
    else transaction.onRollback(() => this.#ports.release(index));
    if (why !== "") throw invalid("", "Service", service.metadata.name, [fieldError.invalid(field, port, why)]);
  }

  #takeNextPort(transaction: Transaction): number {
    const index = this.#ports.takeNext();
    if (index === undefined) throw internalError("failed to allocate a nodePort: range is full");
    transaction.onRollback(() => this.#ports.release(index));
    return this.#portRange.from + index;
  }

  #portIndex(port: number): number | undefined {
    return port >= this.#portRange.from && port <= this.#portRange.to ? port - this.#portRange.from : undefined;
  }

  async #forgetAddresses(service: Service): Promise<void> {
    const owner = `${service.metadata.namespace}/${service.metadata.name}`;
    for (const ip of service.spec?.clusterIPs ?? []) if (isIP(ip) !== 0) await this.#ips.forget(ip, owner);
  }
  #releasePort(port: number): void {
    const index = this.#portIndex(port);
    if (index !== undefined) this.#ports.release(index);
  }
}
