import { isIP } from "node:net";
import type { Mutable } from "#pkg/api/resource-ref.ts";
import type { Service } from "#pkg/api/types/core-v1.ts";
import { type FieldError, fieldError, internalError, invalid } from "#pkg/errors/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import type { HookTransaction, ObjectReader, ResourceHooks } from "../types.ts";
import { AddressRange } from "./address-range.ts";
import { BandedAllocator } from "./banded-allocator.ts";
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
import { Transaction } from "./transaction.ts";

export interface ServiceAllocatorOptions {
  readonly reader: ObjectReader;
  readonly log: Logger;
  /** "10.43.0.0/16" */
  readonly serviceCidr: string;
  /** Kept for kube-system/kube-dns. */
  readonly clusterDns?: string;
  /** Both ends belong to it. */
  readonly nodePortRange: { readonly from: number; readonly to: number };
}

type OwnService = Mutable<Service>;
const IPS = "spec.clusterIPs";

/**
 * Gives Services their cluster IPs and node ports, together with the write that stores them. The Services themselves are
 * the only record: what is taken is read from them once, before the first write.
 */
export class ServiceAllocator implements ResourceHooks {
  readonly #reader: ObjectReader;
  readonly #log: Logger;
  readonly #range: AddressRange;
  readonly #addresses: BandedAllocator;
  readonly #ports: BandedAllocator;
  readonly #portRange: { readonly from: number; readonly to: number };
  /** Address to "namespace/name" of the only Service that may have it. */
  readonly #reserved = new Map<string, string>();
  #loaded = false;

  constructor(options: ServiceAllocatorOptions) {
    this.#reader = options.reader;
    this.#log = options.log;
    this.#range = new AddressRange(options.serviceCidr);
    const size = this.#range.size;
    this.#addresses = new BandedAllocator({ size, lowerBand: Math.min(Math.max(16, Math.floor(size / 16)), 256) });
    this.#portRange = options.nodePortRange;
    const ports = options.nodePortRange.to - options.nodePortRange.from + 1;
    // Small ranges have no lower band.
    const portBand = ports < 16 ? 0 : Math.min(Math.max(16, Math.floor(ports / 32)), 128);
    this.#ports = new BandedAllocator({ size: ports, lowerBand: portBand });
    this.#reserve(this.#range.at(0), "default/kubernetes");
    if (options.clusterDns !== undefined) this.#reserve(options.clusterDns, "kube-system/kube-dns");
  }

  /** The address of default/kubernetes. */
  get firstAddress(): string {
    return this.#range.at(0);
  }

  async beginCreate(service: OwnService): Promise<HookTransaction> {
    this.#load();
    const spec = (service.spec ??= {});
    normalizeClusterIps(spec, undefined);
    this.#refuse(service, initIpFamilies(spec, this.#range.family));
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
    this.#refuse(service, initIpFamilies(spec, this.#range.family));
    return this.#attempt((transaction) => {
      const hadAddress = needsClusterIp(oldSpec) && isIP(oldSpec.clusterIPs?.[0] ?? "") !== 0;
      const keeps = needsClusterIp(spec) && !isHeadless(spec);
      if (!hadAddress) this.#allocateAddress(service, transaction);
      else if (!keeps) transaction.onCommit(() => this.#releaseAddresses(old));
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

  afterDelete(service: Service): void {
    this.#load();
    this.#releaseAddresses(service);
    for (const port of [...nodePortsOf(service), service.spec?.healthCheckNodePort ?? 0]) this.#releasePort(port);
  }

  #attempt(work: (transaction: Transaction) => void): Transaction {
    const transaction = new Transaction();
    try {
      work(transaction);
    } catch (err) {
      transaction.rollback();
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
      for (const ip of service.spec?.clusterIPs ?? []) {
        const index = this.#range.indexOf(ip);
        if (index !== undefined && this.#reserved.get(ip) !== name && !this.#addresses.take(index)) {
          this.#log.warn("two services hold one cluster IP", { ip, service: name });
        }
      }
      for (const port of [...nodePortsOf(service), service.spec?.healthCheckNodePort ?? 0]) {
        const index = this.#portIndex(port);
        if (index !== undefined && !this.#ports.take(index)) {
          this.#log.warn("two services hold one node port", { port, service: name });
        }
      }
    }
  }

  #reserve(address: string, service: string): void {
    const index = this.#range.indexOf(address);
    if (index === undefined) return;
    this.#addresses.take(index);
    this.#reserved.set(address, service);
  }

  #refuse(service: OwnService, errors: readonly FieldError[]): void {
    if (errors.length > 0) throw invalid("", "Service", service.metadata.name, errors);
  }

  #allocateAddress(service: OwnService, transaction: Transaction): void {
    const spec = service.spec ?? {};
    if (!needsClusterIp(spec) || isHeadless(spec)) return;
    const wanted = spec.clusterIPs?.[0] ?? "";
    const index = wanted === "" ? this.#addresses.takeNext() : this.#takeAddress(service, wanted);
    if (index === undefined) throw internalError("failed to allocate a serviceIP: range is full");
    if (index >= 0) transaction.onRollback(() => this.#addresses.release(index));
    spec.clusterIP = wanted === "" ? this.#range.at(index) : wanted;
    spec.clusterIPs = [spec.clusterIP];
  }

  /** -1 for a reserved address, which is never released. */
  #takeAddress(service: OwnService, ip: string): number {
    const fail = (why: string): never => {
      throw invalid("", "Service", service.metadata.name, [
        fieldError.invalid(IPS, service.spec?.clusterIPs, `failed to allocate IP ${ip}: ${why}`),
      ]);
    };
    if (isIP(ip) === 0) {
      const why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
      throw invalid("", "Service", service.metadata.name, [fieldError.invalid(`${IPS}[0]`, ip, why)]);
    }
    const index = this.#range.indexOf(ip);
    if (index === undefined) {
      return fail(`the provided IP (${ip}) is not in the valid range. The range of valid IPs is ${this.#range.cidr}`);
    }
    if (this.#reserved.get(ip) === `${service.metadata.namespace}/${service.metadata.name}`) return -1;
    return this.#addresses.take(index) ? index : fail("provided IP is already allocated");
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

  #releaseAddresses(service: Service): void {
    for (const ip of service.spec?.clusterIPs ?? []) {
      const index = this.#range.indexOf(ip);
      if (index !== undefined && !this.#reserved.has(ip)) this.#addresses.release(index);
    }
  }
  #releasePort(port: number): void {
    const index = this.#portIndex(port);
    if (index !== undefined) this.#ports.release(index);
  }
}
