import { type Lease, leases } from "#pkg/api/types/coordination-v1.ts";
import type { Node } from "#pkg/api/types/core-v1.ts";
import { isAbort, sleep } from "#pkg/async/index.ts";
import { type Client, microTime } from "#pkg/client/index.ts";
import { isAlreadyExists, isConflict, isNotFound } from "#pkg/errors/index.ts";
import type { Logger } from "#pkg/log/index.ts";

const namespace = "kube-node-lease";
export const leaseDurationSeconds = 40;
const renewMs = (leaseDurationSeconds * 1000) / 4;
const retryMs = 1_000;

/** Says every ten seconds that this node lives, in a Lease that the Node owns. */
export class NodeLease {
  readonly #client: Client;
  readonly #nodeName: string;
  readonly #node: () => Node | undefined;
  readonly #log: Logger;
  #lease: Lease | undefined;

  constructor(parts: {
    readonly client: Client;
    readonly nodeName: string;
    /** The registered Node, which is to own the lease. */
    readonly node: () => Node | undefined;
    readonly log: Logger;
  }) {
    this.#client = parts.client;
    this.#nodeName = parts.nodeName;
    this.#node = parts.node;
    this.#log = parts.log;
  }

  /** Renews until the signal aborts. */
  async start(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        await this.#renew(signal);
        failures = 0;
      } catch (err) {
        if (signal.aborted) return;
        failures++;
        if (!isConflict(err) && failures % 5 === 1) this.#log.warn("node lease not renewed", { err });
        this.#lease = undefined;
      }
      try {
        // Spread a little, so that many nodes do not come at the same moment.
        await sleep(failures > 0 ? retryMs : renewMs * (1 + 0.04 * Math.random()), signal);
      } catch (err) {
        if (!isAbort(err)) throw err;
      }
    }
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const spec = {
      holderIdentity: this.#nodeName,
      leaseDurationSeconds,
      renewTime: microTime(Date.now()),
    };
    this.#lease ??= await this.#get(signal);
    if (this.#lease === undefined) {
      const metadata = { name: this.#nodeName, namespace, ...this.#owner() };
      try {
        this.#lease = await this.#client.create(leases, { metadata, spec }, { signal });
        return;
      } catch (err) {
        if (!isAlreadyExists(err)) throw err;
        this.#lease = await this.#client.get(leases, { namespace, name: this.#nodeName }, { signal });
      }
    }
    const metadata = { ...this.#lease.metadata, ...this.#owner() };
    this.#lease = await this.#client.update(leases, { ...this.#lease, metadata, spec }, { signal });
  }

  async #get(signal: AbortSignal): Promise<Lease | undefined> {
    try {
      return await this.#client.get(leases, { namespace, name: this.#nodeName }, { signal });
    } catch (err) {
      if (isNotFound(err)) return undefined;
      throw err;
    }
  }

  #owner(): Pick<Lease["metadata"], "ownerReferences"> | object {
    const node = this.#node();
    if (node === undefined) return {};
    return { ownerReferences: [{ apiVersion: "v1", kind: "Node", name: this.#nodeName, uid: node.metadata.uid }] };
  }
}
