import { type ConfigMap, configmaps, type Namespace, namespaces } from "#pkg/api/types/core-v1.ts";
import type { Informer } from "#pkg/client/index.ts";
import { isAlreadyExists, isNotFound } from "#pkg/errors/index.ts";
import { type ControllerParts, QueueController } from "../controller.ts";
import { isNamespaceTerminating } from "../namespace-terminating.ts";

const NAME = "kube-root-ca.crt";
const DESCRIPTION = "kubernetes.io/description";
const TEXT =
  "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the " +
  "internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes " +
  "clusters.";

/** Keeps the ConfigMap kube-root-ca.crt, by which pods trust the API server, in every active namespace. */
export class RootCaPublisher extends QueueController {
  readonly #parts: ControllerParts;
  readonly #rootCa: string;
  readonly #namespaces: Informer<Namespace>;
  readonly #configMaps: Informer<ConfigMap>;

  constructor(parts: ControllerParts, options: { readonly rootCa: string }) {
    const namespaceInformer = parts.informers.informer(namespaces);
    // Only these ConfigMaps: a cluster's others may be many and large.
    const configMaps = parts.informers.informer(configmaps, { fieldSelector: `metadata.name=${NAME}` });
    super({
      name: "root-ca-certificate-publisher",
      informers: [namespaceInformer, configMaps],
      log: parts.log,
      sync: (key) => this.#sync(key),
    });
    this.#parts = parts;
    this.#rootCa = options.rootCa;
    this.#namespaces = namespaceInformer;
    this.#configMaps = configMaps;
    const enqueue = (ns: Namespace): void => this.queue.add(ns.metadata.name);
    namespaceInformer.addHandler({ add: enqueue, update: enqueue });
    const changed = ({ metadata }: ConfigMap): void => this.queue.add(metadata.namespace ?? "");
    configMaps.addHandler({ update: changed, delete: changed });
  }

  async #sync(namespace: string): Promise<void> {
    const ns = this.#namespaces.lister.getByKey(namespace);
    if (ns === undefined || ns.metadata.deletionTimestamp !== undefined) return;
    const current = this.#configMaps.lister.get({ namespace, name: NAME });
    const data = { "ca.crt": this.#rootCa };
    try {
      if (current === undefined) {
        const metadata = { namespace, name: NAME, annotations: { [DESCRIPTION]: TEXT } };
        await this.#parts.client.create(configmaps, { metadata, data });
        return;
      }
      const told = (current.metadata.annotations?.[DESCRIPTION] ?? "") !== "";
      if (told && Object.keys(current.data ?? {}).length === 1 && current.data?.["ca.crt"] === this.#rootCa) return;
      const annotations = { ...current.metadata.annotations, [DESCRIPTION]: TEXT };
      await this.#parts.client.update(configmaps, { ...current, metadata: { ...current.metadata, annotations }, data });
    } catch (err) {
      if (!isAlreadyExists(err) && !isNotFound(err) && !isNamespaceTerminating(err)) throw err;
    }
  }
}
