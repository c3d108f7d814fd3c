import type { Pod } from "#pkg/api/types/core-v1.ts";
import { semanticEqual } from "#pkg/api/index.ts";
import type { Client, Informer } from "#pkg/client/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import { MirrorPods } from "./mirror-pods.ts";
import type { PodManager } from "./types.ts";

export interface PodListener {
  updated(pod: Pod): void;
  /** Only the status differs, mostly by what the kubelet itself wrote: `conditions` tells that others' did. */
  statusChanged(pod: Pod, conditions: boolean): void;
  removed(pod: Pod): void;
}

const sourceKey = "kubernetes.io/config.source";
const mirrorKey = "kubernetes.io/config.mirror";

/**
 * The pods of this node from all sources. A pod from a file or URL (static) has a mirror in the API that shows it; the
 * mirror is never run itself.
 */
export class NodePods implements PodManager {
  readonly #byUid = new Map<string, Pod>();
  readonly #byName = new Map<string, Pod>();
  readonly #mirrors: MirrorPods;
  readonly #static = new Map<number, ReadonlyMap<string, Pod>>();
  readonly #sourceCount: number;
  #listener: PodListener | undefined;

  constructor(parts: {
    readonly client: Client;
    readonly log: Logger;
    /** How many sources there are besides the API. */
    readonly sourceCount: number;
  }) {
    this.#mirrors = new MirrorPods(parts);
    this.#sourceCount = parts.sourceCount;
  }

  /** Whether every source besides the API has told its pods once: before, an unknown pod may still be somebody's. */
  get sourcesKnown(): boolean {
    return this.#static.size === this.#sourceCount;
  }

  list(): readonly Pod[] {
    return [...this.#byUid.values()];
  }

  byUid(uid: string): Pod | undefined {
    return this.#byUid.get(uid);
  }

  byName(namespace: string, name: string): Pod | undefined {
    return this.#byName.get(`${namespace}/${name}`);
  }

  /** The object that the API shows for a pod: itself, or a static pod's mirror (undefined until it is there). */
  apiPod(pod: Pod): Pod | undefined {
    return isStatic(pod) ? this.#mirrors.of(pod) : pod;
  }

  follow(informer: Informer<Pod>, listener: PodListener): void {
    this.#listener = listener;
    informer.addHandler({
      add: (pod) => this.#fromApi(pod),
      update: (pod, before) => {
        if (isMirror(pod) || !isStatusOnly(pod, before)) this.#fromApi(pod);
        else this.#statusChanged(pod, before);
      },
      delete: (pod) => {
        if (isMirror(pod)) this.#mirrors.gone(pod);
        else this.#remove(pod);
      },
    });
  }

  /** The whole set of one source besides the API. */
  replaceSource(source: number, pods: readonly Pod[]): void {
    const before = this.#static.get(source) ?? new Map<string, Pod>();
    const now = new Map(pods.map((pod) => [pod.metadata.uid, pod]));
    this.#static.set(source, now);
    for (const [uid, pod] of before) {
      if (now.has(uid)) continue;
      this.#mirrors.remove(pod);
      this.#remove(pod);
    }
    for (const pod of pods) {
      this.#mirrors.ensure(pod);
      this.#put(pod);
    }
  }

  #fromApi(pod: Pod): void {
    if (!isMirror(pod)) {
      this.#put(pod);
      return;
    }
    this.#mirrors.seen(pod);
    const shown = this.#byName.get(nameKey(pod));
    if (shown !== undefined) this.#listener?.updated(shown);
  }

  #statusChanged(pod: Pod, before: Pod): void {
    this.#byUid.set(pod.metadata.uid, pod);
    this.#byName.set(nameKey(pod), pod);
    const gates = new Set((pod.spec.readinessGates ?? []).map(({ conditionType }) => conditionType));
    const gateValues = ({ status }: Pod): string =>
      JSON.stringify((status?.conditions ?? []).filter(({ type }) => gates.has(type)).map((c) => [c.type, c.status]));
    this.#listener?.statusChanged(pod, gates.size > 0 && gateValues(pod) !== gateValues(before));
  }

  #put(pod: Pod): void {
    this.#byUid.set(pod.metadata.uid, pod);
    this.#byName.set(nameKey(pod), pod);
    this.#listener?.updated(pod);
  }

  #remove(pod: Pod): void {
    this.#byUid.delete(pod.metadata.uid);
    if (this.#byName.get(nameKey(pod))?.metadata.uid === pod.metadata.uid) this.#byName.delete(nameKey(pod));
    this.#listener?.removed(pod);
  }
}

/** Every change but one through /status changes the generation or the metadata that users write. */
function isStatusOnly(pod: Pod, before: Pod): boolean {
  const { resourceVersion: _a, managedFields: _b, ...meta } = pod.metadata;
  const { resourceVersion: _c, managedFields: _d, ...metaBefore } = before.metadata;
  return semanticEqual(meta, metaBefore) && semanticEqual(pod.spec, before.spec);
}

const nameKey = (pod: Pod): string => `${pod.metadata.namespace}/${pod.metadata.name}`;
export const isMirror = (pod: Pod): boolean => pod.metadata.annotations?.[mirrorKey] !== undefined;
export const isStatic = (pod: Pod): boolean => {
  const source = pod.metadata.annotations?.[sourceKey];
  return source !== undefined && source !== "api" && !isMirror(pod);
};
