import { sleep, withTimeout } from "#pkg/async/index.ts";
import { type Lease, leases } from "#pkg/api/types/coordination-v1.ts";
import { isAlreadyExists, isConflict, isNotFound } from "#pkg/errors/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import type { EventRecorder } from "./event-recorder.ts";
import { microTime } from "./micro-time.ts";
import { referenceTo } from "./reference.ts";
import type { Client } from "./types.ts";

/** Upstream's times: a lease lasts 15 s unrenewed, its holder gives up after 10 s, everyone tries every 2 s. */
export interface LeaseTiming {
  /** Whole seconds on the wire; rounded up. */
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
}
export const LEASE_TIMING: LeaseTiming = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 };

export interface LeaderElectionParts {
  readonly client: Client;
  readonly log: Logger;
  /** Told of "became leader" and "stopped leading". */
  readonly recorder?: EventRecorder;
  /** The Lease all candidates compete for. */
  readonly namespace: string;
  readonly name: string;
  /** Unique among candidates, also across restarts: "host_uuid". */
  readonly identity: string;
  readonly timing?: LeaseTiming;
  /** The work of a leader; ends soon after the signal aborts. */
  readonly onStartedLeading: (signal: AbortSignal) => Promise<void>;
  readonly onStoppedLeading?: () => void;
  readonly onNewLeader?: (identity: string) => void;
}

/**
 * One leader among several candidates, by a Lease (the semantics of client-go's leaderelection).
 *
 *   waiting ──acquire──▶ leading ──renewed in time──▶ leading
 *      ▲                    │ not renewed, or taken by another: the work is stopped and awaited
 *      └────────────────────┘
 *
 * Clocks of other machines are not trusted: a lease is dead when it was not seen to change for its own duration.
 */
export class LeaderElection {
  readonly #parts: LeaderElectionParts;
  readonly #timing: LeaseTiming;
  /** The lease as last seen or written, and when it was first seen so. */
  #observed: Lease | undefined;
  #observedAt = 0;
  #reportedLeader: string | undefined;

  constructor(parts: LeaderElectionParts) {
    this.#parts = parts;
    this.#timing = parts.timing ?? LEASE_TIMING;
    const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = this.#timing;
    if (leaseDurationMs <= renewDeadlineMs || renewDeadlineMs <= retryPeriodMs) {
      throw new Error("Lease times must fall: duration, renew deadline, retry period");
    }
  }

  /** True while the lease names us, as far as we know. */
  get isLeader(): boolean {
    return this.#observed?.spec.holderIdentity === this.#parts.identity;
  }

  /** Competes until the signal aborts; then stops the work and gives the lease back. Rejects when the work does. */
  async start(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (await this.#try(signal)) await this.#lead(signal);
      if (signal.aborted) return;
      await sleep(this.#untilNextTryMs(), signal).catch(() => undefined);
    }
  }

  /**
   * Shorter than the retry period, and no longer than the lease lives: so a leader that dies is followed within a lease
   * and a retry period. (Upstream waits 1 to 2.2 retry periods, and twice: to see the last renewal, and after the end of
   * the lease.)
   */
  #untilNextTryMs(): number {
    const jittered = this.#timing.retryPeriodMs * (0.4 + Math.random() * 0.4);
    const lease = this.#observed;
    if (lease === undefined || !this.#isHeld(lease)) return jittered;
    const leftMs = this.#observedAt + (lease.spec.leaseDurationSeconds ?? 0) * 1000 - performance.now();
    return Math.min(jittered, Math.max(leftMs, 1));
  }

  async #lead(signal: AbortSignal): Promise<void> {
    const { log, name, identity, onStartedLeading, onStoppedLeading } = this.#parts;
    const stop = new AbortController();
    const onAbort = (): void => stop.abort();
    signal.addEventListener("abort", onAbort, { once: true });
    log.info("became leader", { lease: name, identity });
    this.#event("became leader");
    let failure: unknown;
    const work = onStartedLeading(stop.signal).catch((err: unknown) => {
      failure = err;
      stop.abort();
    });
    try {
      await this.#renewUntil(stop.signal);
    } finally {
      stop.abort();
      await work;
      signal.removeEventListener("abort", onAbort);
    }
    if (this.isLeader) await this.#release();
    log.info("stopped leading", { lease: name, identity });
    this.#event("stopped leading");
    onStoppedLeading?.();
    if (failure !== undefined) throw failure;
  }

  /** Returns when the signal aborts, the lease is another's, or it could not be renewed in time. */
  async #renewUntil(signal: AbortSignal): Promise<void> {
    let renewedAt = performance.now();
    while (!signal.aborted) {
      await sleep(this.#timing.retryPeriodMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      const startedAt = performance.now();
      const leftMs = renewedAt + this.#timing.renewDeadlineMs - startedAt;
      if (leftMs > 0 && (await this.#try(signal, leftMs))) renewedAt = startedAt;
      else if (leftMs <= 0 || !this.isLeader) {
        this.#parts.log.warn("lost the lease", { lease: this.#parts.name, holder: this.#holder() });
        // Not renewed: another may take it any moment, so it is not ours to give back.
        this.#observed = undefined;
        return;
      }
    }
  }

  /** Takes or renews the lease; false when it is another's or the API server did not do it. */
  async #try(signal: AbortSignal, timeoutMs = this.#timing.renewDeadlineMs): Promise<boolean> {
    const bound = withTimeout(Math.ceil(timeoutMs), signal);
    try {
      // The holder knows the lease's last state; reading first would only add a round trip.
      if (this.isLeader && this.#observed !== undefined) {
        try {
          await this.#write(this.#observed, bound);
          return true;
        } catch (err) {
          if (!isConflict(err) && !isNotFound(err)) throw err;
        }
      }
      const lease = await this.#read(bound);
      this.#observe(lease);
      if (lease !== undefined && !this.isLeader && this.#isHeld(lease)) return false;
      await this.#write(lease, bound);
      return true;
    } catch (err) {
      if (signal.aborted) return false;
      const lost = isConflict(err) || isAlreadyExists(err);
      this.#parts.log[lost ? "debug" : "warn"]("lease not taken", { lease: this.#parts.name, err });
      return false;
    }
  }

  async #read(signal: AbortSignal): Promise<Lease | undefined> {
    const { client, namespace, name } = this.#parts;
    try {
      return await client.get(leases, { namespace, name }, { signal });
    } catch (err) {
      if (isNotFound(err)) return undefined;
      throw err;
    }
  }

  #isHeld({ spec }: Lease): boolean {
    if (spec.holderIdentity === undefined || spec.holderIdentity === "") return false;
    const durationMs = (spec.leaseDurationSeconds ?? 0) * 1000;
    return performance.now() < this.#observedAt + durationMs;
  }

  /** Writes ourselves into the lease, on condition that it is still as `before`. */
  async #write(before: Lease | undefined, signal: AbortSignal): Promise<void> {
    const { client, namespace, name, identity } = this.#parts;
    const now = microTime(Date.now());
    const renewing = before?.spec.holderIdentity === identity;
    const transitions = before?.spec.leaseTransitions ?? 0;
    const spec = {
      holderIdentity: identity,
      leaseDurationSeconds: this.#durationSeconds(),
      acquireTime: renewing ? (before.spec.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: before === undefined || renewing ? transitions : transitions + 1,
    };
    this.#observe(
      before === undefined
        ? await client.create(leases, { metadata: { namespace, name }, spec }, { signal })
        : await client.update(leases, { ...before, spec: { ...before.spec, ...spec } }, { signal }),
    );
  }

  /** Frees the lease, so that the next leader need not wait for it to run out. */
  async #release(): Promise<void> {
    const held = this.#observed;
    this.#observed = undefined;
    if (held === undefined) return;
    const now = microTime(Date.now());
    const spec = { ...held.spec, holderIdentity: "", leaseDurationSeconds: 1, acquireTime: now, renewTime: now };
    try {
      // Stopping must not hang on an API server that is gone.
      const signal = AbortSignal.timeout(this.#timing.retryPeriodMs);
      await this.#parts.client.update(leases, { ...held, spec }, { signal });
    } catch (err) {
      this.#parts.log.debug("lease not released", { lease: this.#parts.name, err });
    }
  }

  #observe(lease: Lease | undefined): void {
    const known = this.#observed?.metadata.resourceVersion;
    if (lease === undefined || known !== lease.metadata.resourceVersion) {
      this.#observed = lease;
      this.#observedAt = performance.now();
    }
    const leader = this.#holder();
    if (leader === undefined || leader === "" || leader === this.#reportedLeader) return;
    this.#reportedLeader = leader;
    if (leader !== this.#parts.identity)
      this.#parts.log.info("waiting for the lease", { lease: this.#parts.name, holder: leader });
    this.#parts.onNewLeader?.(leader);
  }

  #holder(): string | undefined {
    return this.#observed?.spec.holderIdentity;
  }

  #durationSeconds(): number {
    return Math.ceil(this.#timing.leaseDurationMs / 1000);
  }

  #event(what: string): void {
    const { recorder, namespace, name, identity } = this.#parts;
    const { uid, resourceVersion } = this.#observed?.metadata ?? {};
    recorder?.event(
      referenceTo(leases, { metadata: { namespace, name, uid, resourceVersion } }),
      "Normal",
      "LeaderElection",
      `${identity} ${what}`,
    );
  }
}
