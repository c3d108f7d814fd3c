import { type Namespace, namespaces, type Pod, pods } from "#pkg/api/types/core-v1.ts";
import type { Informer } from "#pkg/client/index.ts";
import { isNotFound } from "#pkg/errors/index.ts";
import { type ControllerParts, QueueController } from "../controller.ts";
import { discover } from "../discovery.ts";
import { semanticEqual } from "../objects/index.ts";
import { deletionConditions } from "./namespace-conditions.ts";
import { deleteContent } from "./namespace-content.ts";

const FINALIZER = "kubernetes";
// Pods that go tell so; anything else that lingers (finalizers) is looked at this often, as upstream's backoff averages.
const FIRST_LOOK_MS = 100;
const MAX_LOOK_MS = 5_000;
/** While pods are ending, a full pass this often finds pods that were made since. */
const FULL_PASS_MS = 5_000;

/** Empties namespaces that are being deleted, then lets them go. Reads discovery; deletes everything inside. */
export class NamespaceController extends QueueController {
  readonly #parts: ControllerParts;
  readonly #namespaces: Informer<Namespace>;
  readonly #pods: Informer<Pod>;
  /** By key: when the last pass ended, and how many passes in a row found something left. */
  readonly #passes = new Map<string, { readonly at: number; readonly count: number }>();

  constructor(parts: ControllerParts) {
    const informer = parts.informers.informer(namespaces);
    const podInformer = parts.informers.informer(pods);
    super({
      name: "namespace",
      informers: [informer, podInformer],
      log: parts.log,
      sync: (key, signal) => this.#sync(key, signal),
    });
    this.#parts = parts;
    this.#namespaces = informer;
    this.#pods = podInformer;
    const enqueue = (ns: Namespace): void => {
      if (ns.metadata.deletionTimestamp !== undefined) this.queue.add(ns.metadata.name);
    };
    informer.addHandler({ add: enqueue, update: enqueue, delete: (ns) => this.#passes.delete(ns.metadata.name) });
    podInformer.addHandler({
      delete: (pod) => {
        const ns = informer.lister.get({ name: pod.metadata.namespace ?? "" });
        // Many pods end together: one look soon serves them all.
        if (ns?.metadata.deletionTimestamp !== undefined) this.queue.addAfter(ns.metadata.name, 20);
      },
    });
  }

  async #sync(key: string, signal: AbortSignal): Promise<{ requeueAfterMs: number } | undefined> {
    const ns = this.#namespaces.lister.getByKey(key);
    if (ns?.metadata.deletionTimestamp === undefined) return undefined;
    if (!(ns.spec?.finalizers ?? []).includes(FINALIZER)) return undefined;
    const pass = this.#passes.get(key);
    const sinceMs = this.#parts.now() - (pass?.at ?? 0);
    if (pass !== undefined && sinceMs < FULL_PASS_MS && this.#pods.lister.list(key).length > 0) {
      return { requeueAfterMs: FULL_PASS_MS - sinceMs };
    }
    try {
      return await this.#empty(ns, pass?.count ?? 0, signal);
    } catch (err) {
      if (isNotFound(err)) return undefined;
      throw err;
    }
  }

  async #empty(seen: Namespace, passes: number, signal: AbortSignal): Promise<{ requeueAfterMs: number } | undefined> {
    const { client, now } = this.#parts;
    const { name } = seen.metadata;
    const discovery = await discover(client, signal);
    const report = await deleteContent(client, name, discovery, signal);
    const clean = report.remaining.size + report.deleteErrors.length + report.discoveryFailures.size === 0;
    const conditions = deletionConditions(seen.status?.conditions, report, now());
    const status = { ...seen.status, phase: "Terminating", conditions };
    let ns = seen;
    // Nobody reads the conditions of a namespace that goes within the same pass.
    if (!clean && !semanticEqual(seen.status, status)) {
      ns = await client.updateStatus(namespaces, { ...seen, status });
    }
    if (clean) {
      const finalizers = (ns.spec?.finalizers ?? []).filter((f) => f !== FINALIZER);
      await client.update(namespaces, { ...ns, spec: { ...ns.spec, finalizers } }, { subresource: "finalize" });
      return undefined;
    }
    this.#passes.set(name, { at: now(), count: passes + 1 });
    return { requeueAfterMs: Math.min(FIRST_LOOK_MS * 2 ** Math.min(passes, 10), MAX_LOOK_MS) };
  }
}
