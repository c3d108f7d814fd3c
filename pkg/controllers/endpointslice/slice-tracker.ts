import type { EndpointSlice } from "#pkg/api/types/discovery-v1.ts";

// What the informer has not shown by then it will not show: the slice came and went between two events.
interface Written {
  readonly revision: bigint | "deleted";
  /** ms since the epoch */
  readonly at: number;
}

const FORGET_AFTER_MS = 30_000;

/**
 * What was written to a service's slices, until the informer shows it: planning on an older copy would put endpoints
 * into two slices. By service key, then slice uid.
 */
export class SliceTracker {
  readonly #written = new Map<string, Map<string, Written>>();
  readonly #now: () => number;

  constructor(parts: { readonly now: () => number }) {
    this.#now = parts.now;
  }

  wrote(service: string, slice: EndpointSlice): void {
    this.#of(service).set(slice.metadata.uid, { revision: BigInt(slice.metadata.resourceVersion), at: this.#now() });
  }

  deleted(service: string, slice: EndpointSlice): void {
    this.#of(service).set(slice.metadata.uid, { revision: "deleted", at: this.#now() });
  }

  /** The informer no longer holds the slice, whoever removed it. */
  gone(service: string, slice: EndpointSlice): void {
    const slices = this.#written.get(service);
    slices?.delete(slice.metadata.uid);
    if (slices?.size === 0) this.#written.delete(service);
  }

  forget(service: string): void {
    this.#written.delete(service);
  }

  isStale(service: string, slices: readonly EndpointSlice[]): boolean {
    const written = this.#written.get(service);
    if (written === undefined) return false;
    const seen = new Map(slices.map((slice) => [slice.metadata.uid, BigInt(slice.metadata.resourceVersion)]));
    for (const [uid, { revision, at }] of written) {
      if (this.#now() - at > FORGET_AFTER_MS) continue;
      const have = seen.get(uid);
      if (revision === "deleted" ? have !== undefined : have === undefined || have < revision) return true;
    }
    return false;
  }

  #of(service: string): Map<string, Written> {
    let slices = this.#written.get(service);
    if (slices === undefined) this.#written.set(service, (slices = new Map()));
    return slices;
  }
}
