import { type Namespace, namespaces, type ServiceAccount, serviceaccounts } from "#pkg/api/types/core-v1.ts";
import type { Informer } from "#pkg/client/index.ts";
import { isAlreadyExists } from "#pkg/errors/index.ts";
import { type ControllerParts, QueueController } from "../controller.ts";
import { isNamespaceTerminating } from "../namespace-terminating.ts";

/** Gives every active namespace its "default" ServiceAccount, again whenever it is deleted. */
export class ServiceAccountController extends QueueController {
  readonly #parts: ControllerParts;
  readonly #namespaces: Informer<Namespace>;
  readonly #accounts: Informer<ServiceAccount>;

  constructor(parts: ControllerParts) {
    const namespaceInformer = parts.informers.informer(namespaces);
    const accounts = parts.informers.informer(serviceaccounts);
    super({
      name: "serviceaccount",
      informers: [namespaceInformer, accounts],
      log: parts.log,
      sync: (key) => this.#sync(key),
    });
    this.#parts = parts;
    this.#namespaces = namespaceInformer;
    this.#accounts = accounts;
    const enqueue = (ns: Namespace): void => this.queue.add(ns.metadata.name);
    namespaceInformer.addHandler({ add: enqueue, update: enqueue });
    accounts.addHandler({ delete: ({ metadata }) => this.queue.add(metadata.namespace ?? "") });
  }

  async #sync(namespace: string): Promise<void> {
    const ns = this.#namespaces.lister.getByKey(namespace);
    if (ns === undefined || ns.metadata.deletionTimestamp !== undefined) return;
    if (this.#accounts.lister.get({ namespace, name: "default" }) !== undefined) return;
    try {
      await this.#parts.client.create(serviceaccounts, { metadata: { namespace, name: "default" } });
    } catch (err) {
      if (!isAlreadyExists(err) && !isNamespaceTerminating(err)) throw err;
    }
  }
}
