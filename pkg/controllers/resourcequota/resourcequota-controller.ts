import { addResources, type KubeObject, type ResourceRef } from "#pkg/api/index.ts";
import { quotaIsAbout, quotaUsage, resourceOfQuotaName } from "#pkg/api/core/quota-usage.ts";
import { type Pod, pods, type ResourceQuota, resourcequotas } from "#pkg/api/types/core-v1.ts";
import { type Informer, keyOf } from "#pkg/client/index.ts";
import { type ControllerParts, QueueController } from "../controller.ts";
import { discover } from "../discovery.ts";
import { isPodFinished, semanticEqual } from "../objects/index.ts";

// Usage of what this controller does not watch (and any drift) is counted again this often.
const RESYNC_MS = 5 * 60_000;
// Deletions come in bursts: one count for all of them.
const SETTLE_MS = 100;

/**
 * Counts what quotas' namespaces use. Admission adds to the count before objects are made; this controller takes away
 * after they are gone. Objects are watched per namespace, and only of resources that a quota there limits.
 */
export class ResourceQuotaController extends QueueController {
  readonly #parts: ControllerParts;
  readonly #quotas: Informer<ResourceQuota>;
  readonly #watched = new Map<string, Informer<KubeObject>>();
  #resources = new Map<string, ResourceRef<KubeObject>>();

  constructor(parts: ControllerParts) {
    const quotas = parts.informers.informer(resourcequotas);
    super({
      name: "resourcequota",
      informers: [quotas],
      log: parts.log,
      sync: (key, signal) => this.#sync(key, signal),
    });
    this.#parts = parts;
    this.#quotas = quotas;
    const enqueue = (quota: ResourceQuota): void => this.queue.add(keyOf(quota));
    quotas.addHandler({
      add: enqueue,
      // Not for its status: what admission just charged is not there to be counted yet.
      update: (quota, before) => {
        if (!semanticEqual(quota.spec, before.spec)) enqueue(quota);
      },
    });
    parts.informers.informer(pods).addHandler({
      update: (pod, before) => {
        if (isPodFinished(pod) && !isPodFinished(before)) this.#released(pod);
      },
      delete: (pod) => this.#released(pod),
    });
  }

  #released(object: KubeObject): void {
    for (const quota of this.#quotas.lister.list(object.metadata.namespace ?? "")) {
      this.queue.addAfter(keyOf(quota), SETTLE_MS);
    }
  }

  async #sync(key: string, signal: AbortSignal): Promise<{ requeueAfterMs: number } | undefined> {
    const quota = this.#quotas.lister.getByKey(key);
    if (quota === undefined || quota.metadata.deletionTimestamp !== undefined) return undefined;
    const hard = quota.spec?.hard ?? {};
    const namespace = quota.metadata.namespace ?? "";
    const resources = new Set(Object.keys(hard).flatMap((name) => resourceOfQuotaName(name) ?? []));
    let usage: Record<string, string> = {};
    for (const resource of resources) {
      for (const object of await this.#objects(resource, namespace, signal)) {
        if (quotaIsAbout(quota, resource, object)) usage = addResources(usage, quotaUsage(resource, object));
      }
    }
    const used = Object.fromEntries(Object.keys(hard).map((name) => [name, usage[name] ?? "0"]));
    const status = { hard, used };
    if (!semanticEqual(status, quota.status)) {
      await this.#parts.client.updateStatus(resourcequotas, { ...quota, status });
    }
    return { requeueAfterMs: RESYNC_MS };
  }

  async #objects(resource: string, namespace: string, signal: AbortSignal): Promise<readonly KubeObject[]> {
    if (resource === "pods") {
      const informer = this.#parts.informers.informer(pods);
      await informer.synced(signal);
      return informer.lister.list(namespace) as readonly Pod[];
    }
    const informer = await this.#watch(resource, namespace, signal);
    if (informer === undefined) return [];
    await informer.synced(signal);
    return informer.lister.list(namespace);
  }

  async #watch(resource: string, namespace: string, signal: AbortSignal): Promise<Informer<KubeObject> | undefined> {
    const key = `${namespace}/${resource}`;
    const known = this.#watched.get(key);
    if (known !== undefined) return known;
    if (!this.#resources.has(resource)) {
      const { resources } = await discover(this.#parts.client, signal);
      this.#resources = new Map(
        resources
          .filter((r) => r.preferred && r.ref.namespaced && r.verbs.has("watch"))
          .map(({ ref }) => [ref.group === "" ? ref.plural : `${ref.group}/${ref.plural}`, ref]),
      );
    }
    const ref = this.#resources.get(resource);
    if (ref === undefined) return undefined;
    const informer = this.#parts.informers.informer(ref, { namespace });
    this.#watched.set(key, informer);
    informer.addHandler({
      // A Service that stops being a NodePort, a claim that shrinks: some updates release too.
      update: (object, before) => {
        if (!semanticEqual(quotaUsage(resource, object), quotaUsage(resource, before))) this.#released(object);
      },
      delete: (object) => this.#released(object),
    });
    return informer;
  }
}
