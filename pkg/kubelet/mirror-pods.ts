import { type Pod, pods } from "#pkg/api/types/core-v1.ts";
import type { Client } from "#pkg/client/index.ts";
import { isAlreadyExists, isNotFound } from "#pkg/errors/index.ts";
import type { Logger } from "#pkg/log/index.ts";

const mirrorKey = "kubernetes.io/config.mirror";
const hashKey = "kubernetes.io/config.hash";
const retryMs = 2_000;

/** Shows static pods in the API. Writing never holds up the pods themselves. */
export class MirrorPods {
  readonly #client: Client;
  readonly #log: Logger;
  /** By "namespace/name". */
  readonly #seen = new Map<string, Pod>();
  readonly #wanted = new Map<string, Pod>();
  readonly #writing = new Set<string>();
  readonly #again = new Set<string>();

  constructor(parts: { readonly client: Client; readonly log: Logger }) {
    this.#client = parts.client;
    this.#log = parts.log;
  }

  of(pod: Pod): Pod | undefined {
    const mirror = this.#seen.get(keyOf(pod));
    return mirror?.metadata.annotations?.[mirrorKey] === hashOf(pod) ? mirror : undefined;
  }

  ensure(pod: Pod): void {
    this.#wanted.set(keyOf(pod), pod);
    this.#start(keyOf(pod));
  }

  remove(pod: Pod): void {
    const key = keyOf(pod);
    if (this.#wanted.get(key)?.metadata.uid === pod.metadata.uid) this.#wanted.delete(key);
    this.#start(key);
  }

  seen(mirror: Pod): void {
    this.#seen.set(keyOf(mirror), mirror);
    this.#start(keyOf(mirror));
  }

  /** The mirror was deleted; while its pod is wanted it comes back. */
  gone(mirror: Pod): void {
    this.#seen.delete(keyOf(mirror));
    this.#start(keyOf(mirror));
  }

  #start(key: string): void {
    if (this.#writing.has(key)) {
      this.#again.add(key);
      return;
    }
    this.#writing.add(key);
    void this.#write(key).finally(() => {
      this.#writing.delete(key);
      // What changed meanwhile, as the end of the mirror that was just deleted, was not looked at.
      if (this.#again.delete(key)) this.#start(key);
    });
  }

  /** Never rejects. */
  async #write(key: string): Promise<void> {
    try {
      const wanted = this.#wanted.get(key);
      const mirror = this.#seen.get(key);
      const isCurrent = wanted !== undefined && mirror?.metadata.annotations?.[mirrorKey] === hashOf(wanted);
      if (mirror !== undefined && (!isCurrent || mirror.metadata.deletionTimestamp !== undefined)) {
        await this.#delete(mirror);
      } else if (wanted !== undefined && mirror === undefined) {
        await this.#create(wanted);
      }
    } catch (err) {
      this.#log.warn("mirror pod not written", { pod: key, err });
      // Unreferenced: a retry must not keep a stopping process alive.
      setTimeout(() => this.#start(key), retryMs).unref();
    }
  }

  async #create(pod: Pod): Promise<void> {
    const { name, namespace, labels, annotations } = pod.metadata;
    const metadata = {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      annotations: { ...annotations, [mirrorKey]: hashOf(pod) },
      ...(pod.metadata.ownerReferences === undefined ? {} : { ownerReferences: pod.metadata.ownerReferences }),
    };
    try {
      await this.#client.create(pods, { metadata, spec: pod.spec });
    } catch (err) {
      if (!isAlreadyExists(err)) throw err;
    }
  }

  async #delete(mirror: Pod): Promise<void> {
    const { name, namespace = "", uid } = mirror.metadata;
    try {
      await this.#client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid } });
    } catch (err) {
      if (!isNotFound(err)) throw err;
    }
  }
}

const keyOf = (pod: Pod): string => `${pod.metadata.namespace}/${pod.metadata.name}`;
const hashOf = (pod: Pod): string => pod.metadata.annotations?.[hashKey] ?? pod.metadata.uid;
