import { sleep } from "#pkg/async/index.ts";
import { events, type ObjectReference } from "#pkg/api/types/core-v1.ts";
import { ApiError, isNotFound } from "#pkg/errors/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import { type Correlated, EventCorrelator, type ReportedEvent } from "./event-correlator.ts";
import type { Client } from "./types.ts";

/** Events waiting to be written; more are dropped, for nothing may wait for an event. */
const MAX_PENDING = 10_000;
const MAX_IN_FLIGHT = 8;
/** As client-go: an API server that does not answer is tried this often. */
const MAX_ATTEMPTS = 12;
const RETRY_MS = 1_000;

/**
 * Writes Events about what a component does. `event` returns at once; repeated events raise the count of the one that
 * is there, and of several counts only the last is written.
 */
export class EventRecorder {
  readonly #client: Client;
  readonly #log: Logger;
  readonly #component: string;
  readonly #host: string | undefined;
  readonly #correlator = new EventCorrelator();
  readonly #pending = new Set<Correlated>();
  readonly #inFlight = new Map<Correlated, Promise<void>>();
  readonly #stop = new AbortController();
  #dropped = 0;
  #lastNameMs = 0;

  constructor(parts: {
    readonly client: Client;
    readonly log: Logger;
    /** "default-scheduler", "kubelet", "deployment-controller": what `kubectl describe` shows under From. */
    readonly component: string;
    /** The node, for node agents. */
    readonly host?: string;
  }) {
    this.#client = parts.client;
    this.#log = parts.log;
    this.#component = parts.component;
    this.#host = parts.host;
  }

  /** `regarding` comes from `referenceTo(pods, pod)`. `reason` is CamelCase, `message` a sentence for humans. */
  event(
    regarding: ObjectReference,
    type: ReportedEvent["type"],
    reason: string,
    message: string,
    options: { readonly action?: string; readonly related?: ObjectReference } = {},
  ): void {
    if (this.#stop.signal.aborted) return;
    const found = this.#correlator.correlate({ regarding, type, reason, message, ...options }, Date.now());
    if (found === undefined) return;
    if (this.#pending.size >= MAX_PENDING && !this.#pending.has(found)) {
      if (this.#dropped++ === 0) this.#log.warn("too many events wait for the API server, dropping");
      return;
    }
    this.#pending.add(found);
    this.#pump();
  }

  /** Waits for what is pending, at most `timeoutMs`; later events are dropped. */
  async close(timeoutMs = 2_000): Promise<void> {
    const deadline = setTimeout(() => this.#stop.abort(), timeoutMs);
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight.values());
    clearTimeout(deadline);
    this.#stop.abort();
  }

  #pump(): void {
    for (const next of this.#pending) {
      if (this.#inFlight.size >= MAX_IN_FLIGHT) return;
      // One write per Event at a time, so that a count never overtakes the creation.
      if (this.#inFlight.has(next)) continue;
      this.#pending.delete(next);
      const sending = this.#send(next).finally(() => {
        this.#inFlight.delete(next);
        this.#pump();
      });
      this.#inFlight.set(next, sending);
    }
    if (this.#pending.size === 0) this.#dropped = 0;
  }

  async #send(item: Correlated): Promise<void> {
    const { signal } = this.#stop;
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        await (item.name === undefined ? this.#create(item, signal) : this.#count(item, item.name, signal));
        return;
      } catch (err) {
        if (signal.aborted) return;
        if (isNotFound(err) && item.name !== undefined) {
          item.name = undefined;
          continue;
        }
        // Refused (a namespace that ends, for one): asking again changes nothing.
        if (err instanceof ApiError || attempt >= MAX_ATTEMPTS) {
          this.#log.debug("event not written", { reason: item.event.reason, object: item.event.regarding.name, err });
          return;
        }
      }
      await sleep(RETRY_MS, signal).catch(() => undefined);
    }
  }

  async #create(item: Correlated, signal: AbortSignal): Promise<void> {
    const { regarding, type, reason, action, related } = item.event;
    const namespace = regarding.namespace ?? "default";
    const created = await this.#client.create(
      events,
      {
        metadata: { namespace, name: this.#nameFor(regarding) },
        involvedObject: regarding,
        reason,
        message: item.message,
        type,
        count: item.count,
        firstTimestamp: timestamp(item.firstMs),
        lastTimestamp: timestamp(item.lastMs),
        source: { component: this.#component, ...(this.#host === undefined ? {} : { host: this.#host }) },
        reportingComponent: this.#component,
        reportingInstance: this.#host ?? "",
        ...(action === undefined ? {} : { action }),
        ...(related === undefined ? {} : { related }),
      },
      { signal },
    );
    item.name = created.metadata.name;
  }

  async #count(item: Correlated, name: string, signal: AbortSignal): Promise<void> {
    const namespace = item.event.regarding.namespace ?? "default";
    const patch = { count: item.count, lastTimestamp: timestamp(item.lastMs), message: item.message };
    await this.#client.patch(events, { namespace, name }, "application/strategic-merge-patch+json", patch, { signal });
  }

  /** As upstream: the object's name and the time in hexadecimal nanoseconds, here never twice the same. */
  #nameFor({ name = "" }: ObjectReference): string {
    this.#lastNameMs = Math.max(Date.now(), this.#lastNameMs + 0.001);
    return `${name}.${(BigInt(Math.round(this.#lastNameMs * 1000)) * 1000n).toString(16)}`;
  }
}

/** metav1.Time, whole seconds. */
const timestamp = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
