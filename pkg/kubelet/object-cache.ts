import { withTimeout } from "#pkg/async/index.ts";
import type { KubeObject, ResourceRef } from "#pkg/api/resource-ref.ts";
import { type ConfigMap, configmaps, type Pod, type Secret, secrets } from "#pkg/api/types/core-v1.ts";
import { type Client, Reflector } from "#pkg/client/index.ts";
import type { Logger } from "#pkg/log/index.ts";

/** Reads what pods refer to. Undefined when the object does not exist; other failures reject. */
export interface ObjectReader {
  configMap(namespace: string, name: string): Promise<ConfigMap | undefined>;
  secret(namespace: string, name: string): Promise<Secret | undefined>;
}

/** How long a read waits for the first answer of the API server. */
const FIRST_READ_TIMEOUT_MS = 10_000;

/**
 * The ConfigMaps and Secrets that pods of this node refer to. Each is listed once and then watched by name (all that the
 * node authorizer allows) for as long as a pod needs it, so that reads cost nothing and changes arrive by themselves.
 */
export class ObjectCache implements ObjectReader {
  readonly #client: Client;
  readonly #log: Logger;
  readonly #entries = new Map<string, Entry>();
  /** Entry keys by pod uid. */
  readonly #pods = new Map<string, Set<string>>();
  readonly #changed: (podUids: readonly string[]) => void;
  #signal: AbortSignal | undefined;
  readonly #running = new Set<Promise<void>>();

  constructor(parts: {
    readonly client: Client;
    readonly log: Logger;
    /** Told of the pods that refer to an object each time it changes after its first read. */
    readonly changed: (podUids: readonly string[]) => void;
  }) {
    this.#client = parts.client;
    this.#log = parts.log;
    this.#changed = parts.changed;
  }

  /** Runs until the signal aborts; nothing is watched before. */
  async start(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    for (const entry of this.#entries.values()) this.#watch(entry, signal);
    if (!signal.aborted) {
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    }
    await Promise.all(this.#running);
  }

  /** Watches everything the pod refers to; cheap when it is watched already. */
  retain(pod: Pod): void {
    const uid = pod.metadata.uid;
    if (this.#pods.has(uid)) return;
    const keys = new Set(referencesOf(pod).map(({ kind, name }) => keyOf(kind, pod.metadata.namespace ?? "", name)));
    this.#pods.set(uid, keys);
    for (const key of keys) {
      const entry = this.#entries.get(key) ?? this.#add(key);
      entry.pods.add(uid);
    }
  }

  release(podUid: string): void {
    for (const key of this.#pods.get(podUid) ?? []) {
      const entry = this.#entries.get(key);
      entry?.pods.delete(podUid);
      if (entry?.pods.size !== 0) continue;
      entry.stop.abort();
      this.#entries.delete(key);
    }
    this.#pods.delete(podUid);
  }

  async configMap(namespace: string, name: string): Promise<ConfigMap | undefined> {
    return (await this.#read("ConfigMap", namespace, name)) as ConfigMap | undefined;
  }

  async secret(namespace: string, name: string): Promise<Secret | undefined> {
    return (await this.#read("Secret", namespace, name)) as Secret | undefined;
  }

  async #read(kind: Kind, namespace: string, name: string): Promise<KubeObject | undefined> {
    const entry = this.#entries.get(keyOf(kind, namespace, name));
    // A pod's spec is fixed but for ephemeral containers, whose references were not there when it was retained.
    if (entry === undefined) return await this.#fetch(kind, namespace, name);
    const signal = withTimeout(FIRST_READ_TIMEOUT_MS);
    const late = Promise.withResolvers<never>();
    const timedOut = (): void =>
      late.reject(new Error(`failed to sync ${kind.toLowerCase()} cache: timed out waiting for the condition`));
    signal.addEventListener("abort", timedOut, { once: true });
    try {
      await Promise.race([entry.ready.promise, late.promise]);
    } finally {
      signal.removeEventListener("abort", timedOut);
    }
    return entry.object;
  }

  async #fetch(kind: Kind, namespace: string, name: string): Promise<KubeObject | undefined> {
    const fieldSelector = `metadata.name=${name}`;
    const found = await this.#client.list(RESOURCES[kind], { namespace, fieldSelector });
    return found.items[0];
  }

  #add(key: string): Entry {
    const [kind, namespace, name] = key.split("/") as [Kind, string, string];
    const entry: Entry = {
      kind,
      namespace,
      name,
      pods: new Set(),
      object: undefined,
      ready: Promise.withResolvers(),
      stop: new AbortController(),
    };
    this.#entries.set(key, entry);
    if (this.#signal !== undefined) this.#watch(entry, this.#signal);
    return entry;
  }

  /** A pod may still be prepared while everything ends: `life` also stops a watch that begins after its end. */
  #watch(entry: Entry, life: AbortSignal): void {
    const { kind, namespace, name } = entry;
    let isFirst = true;
    const put = (object: KubeObject | undefined): void => {
      const isSame = object?.metadata.resourceVersion === entry.object?.metadata.resourceVersion;
      entry.object = object;
      if (!isFirst && !isSame) this.#changed([...entry.pods]);
      isFirst = false;
      entry.ready.resolve();
    };
    const reflector = new Reflector<KubeObject>({
      client: this.#client,
      resource: RESOURCES[kind],
      selection: { namespace, fieldSelector: `metadata.name=${name}` },
      log: this.#log,
      sink: {
        replace: (items) => put(items[0]),
        apply: (type, object) => put(type === "DELETED" ? undefined : object),
      },
    });
    const run = reflector.start(AbortSignal.any([life, entry.stop.signal])).finally(() => this.#running.delete(run));
    this.#running.add(run);
  }
}

type Kind = "ConfigMap" | "Secret";

interface Entry {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
  /** Uids of the pods that need it. */
  readonly pods: Set<string>;
  object: KubeObject | undefined;
  readonly ready: PromiseWithResolvers<void>;
  readonly stop: AbortController;
}

const RESOURCES: Readonly<Record<Kind, ResourceRef<KubeObject>>> = { ConfigMap: configmaps, Secret: secrets };

const keyOf = (kind: Kind, namespace: string, name: string): string => `${kind}/${namespace}/${name}`;

/** The ConfigMaps and Secrets that a pod names anywhere in its spec. */
export function referencesOf(pod: Pod): readonly { readonly kind: Kind; readonly name: string }[] {
  const found: { kind: Kind; name: string }[] = [];
  const note = (kind: Kind, name: string | undefined): void => {
    if (name !== undefined && name !== "") found.push({ kind, name });
  };
  const { containers, initContainers = [], ephemeralContainers = [], volumes = [] } = pod.spec;
  for (const { env = [], envFrom = [] } of [...initContainers, ...containers, ...ephemeralContainers]) {
    for (const { configMapRef, secretRef } of envFrom) {
      note("ConfigMap", configMapRef?.name);
      note("Secret", secretRef?.name);
    }
    for (const { valueFrom } of env) {
      note("ConfigMap", valueFrom?.configMapKeyRef?.name);
      note("Secret", valueFrom?.secretKeyRef?.name);
    }
  }
  for (const { configMap, secret, projected } of volumes) {
    note("ConfigMap", configMap?.name);
    note("Secret", secret?.secretName);
    for (const source of projected?.sources ?? []) {
      note("ConfigMap", source.configMap?.name);
      note("Secret", source.secret?.name);
    }
  }
  for (const { name } of pod.spec.imagePullSecrets ?? []) note("Secret", name);
  return found;
}
