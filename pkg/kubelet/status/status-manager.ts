import { type Pod, type PodStatus, pods } from "#pkg/api/types/core-v1.ts";
import { semanticEqual } from "#pkg/api/index.ts";
import { sleep } from "#pkg/async/index.ts";
import type { Client } from "#pkg/client/index.ts";
import { isConflict, isNotFound } from "#pkg/errors/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import { statusPatch } from "./status-patch.ts";

interface Entry {
  pod: Pod;
  status: PodStatus;
  /** What the API is known to hold. */
  sent: PodStatus;
  /** resourceVersion that the last write made: what the watch tells up to it is old news. */
  version: number;
  /** Everything of the pod is gone from the machine: the API object may go too. */
  finished: boolean;
  dirty: boolean;
  writing: Promise<void> | undefined;
}

const firstRetryMs = 100;
const maxRetryMs = 10_000;

/** Writes pod statuses to the API, only when they changed, one write per pod at a time; nobody waits for it. */
export class StatusManager {
  readonly #client: Client;
  readonly #log: Logger;
  readonly #entries = new Map<string, Entry>();
  readonly #stop = new AbortController();

  constructor(parts: { readonly client: Client; readonly log: Logger }) {
    this.#client = parts.client;
    this.#log = parts.log;
  }

  get(podUid: string): PodStatus | undefined {
    return this.#entries.get(podUid)?.status;
  }

  /** Notes the pod's status; it is on its way when this returns. `pod` is the API's object (of static pods: the mirror). */
  set(pod: Pod, status: PodStatus): void {
    const entry = this.#entryOf(pod);
    entry.pod = pod;
    if (semanticEqual(entry.status, status) && semanticEqual(entry.sent, status)) return;
    entry.status = status;
    this.#write(entry);
  }

  /** The API told something else than was written: it is written again. */
  reconcile(pod: Pod): void {
    const entry = this.#entries.get(pod.metadata.uid);
    if (entry === undefined || entry.writing !== undefined) return;
    if (Number(pod.metadata.resourceVersion) <= entry.version) return;
    entry.pod = pod;
    entry.sent = pod.status ?? {};
    if (!semanticEqual(entry.sent, entry.status)) this.#write(entry);
  }

  /** Nothing of the pod is left here: a pod that is being deleted is removed from the API. */
  finish(pod: Pod): void {
    const entry = this.#entryOf(pod);
    entry.pod = pod;
    entry.finished = true;
    this.#write(entry);
  }

  forget(podUid: string): void {
    this.#entries.delete(podUid);
  }

  /** Waits for writes in progress. */
  async close(): Promise<void> {
    const deadline = setTimeout(() => this.#stop.abort(), 2_000);
    await Promise.all([...this.#entries.values()].map(async ({ writing }) => await writing));
    clearTimeout(deadline);
    this.#stop.abort();
  }

  #entryOf(pod: Pod): Entry {
    const { uid } = pod.metadata;
    let entry = this.#entries.get(uid);
    if (entry === undefined) {
      const status = pod.status ?? {};
      entry = { pod, status, sent: status, version: 0, finished: false, dirty: false, writing: undefined };
      this.#entries.set(uid, entry);
    }
    return entry;
  }

  #write(entry: Entry): void {
    entry.dirty = true;
    if (this.#stop.signal.aborted) return;
    entry.writing ??= this.#drain(entry).finally(() => {
      entry.writing = undefined;
    });
  }

  async #drain(entry: Entry): Promise<void> {
    let retryMs = firstRetryMs;
    while (entry.dirty && this.#entries.get(entry.pod.metadata.uid) === entry) {
      entry.dirty = false;
      try {
        await this.#send(entry);
        retryMs = firstRetryMs;
      } catch (err) {
        if (isNotFound(err) || isConflict(err)) {
          // The pod is gone, or another one has its name: what is left of this one goes with its worker.
          return;
        }
        if (this.#stop.signal.aborted) return;
        this.#log.warn("pod status not written", { pod: entry.pod.metadata.name, err });
        entry.dirty = true;
        await sleep(retryMs, this.#stop.signal).catch(() => undefined);
        retryMs = Math.min(retryMs * 2, maxRetryMs);
      }
    }
  }

  async #send(entry: Entry): Promise<void> {
    const { status, finished } = entry;
    const { namespace = "", name, uid, deletionTimestamp } = entry.pod.metadata;
    const at = { namespace, name };
    const patch = statusPatch(uid, entry.sent, status);
    if (patch !== undefined) {
      const options = { subresource: "status", signal: this.#stop.signal };
      const written = await this.#client.patch(pods, at, "application/strategic-merge-patch+json", patch, options);
      entry.version = Number(written.metadata.resourceVersion);
      entry.sent = status;
    }
    if (finished && deletionTimestamp !== undefined) {
      await this.#client.delete(pods, at, { gracePeriodSeconds: 0, preconditions: { uid } });
    }
  }
}
