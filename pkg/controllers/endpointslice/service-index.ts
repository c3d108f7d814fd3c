import type { Pod, Service } from "#pkg/api/types/core-v1.ts";
import type { Informer } from "#pkg/client/index.ts";
import { isPodReady, labelsInclude, sameLabels } from "../objects/index.ts";
import { podIPs } from "./endpoints-of-pod.ts";

const BY_PAIR = "selector-pair";
const pair = (namespace: string, key: string, value: string): string => `${namespace}/${key}=${value}`;

/** Finds the services of a pod and the pods of a service without looking at all of either. */
export class ServiceIndex {
  readonly #services: Informer<Service>;
  readonly #pods: Informer<Pod>;

  constructor(services: Informer<Service>, pods: Informer<Pod>) {
    this.#services = services;
    this.#pods = pods;
    // One pair of the selector is enough to come close; the rest is compared.
    services.addIndex(BY_PAIR, (service) => {
      const first = firstPair(service);
      return first === undefined ? [] : [pair(service.metadata.namespace ?? "", ...first)];
    });
    pods.addIndex(BY_PAIR, (pod) =>
      Object.entries(pod.metadata.labels ?? {}).map(([key, value]) => pair(pod.metadata.namespace ?? "", key, value)),
    );
  }

  servicesOf(pod: Pod): Service[] {
    const found: Service[] = [];
    for (const [key, value] of Object.entries(pod.metadata.labels ?? {})) {
      for (const service of this.#services.lister.byIndex(BY_PAIR, pair(pod.metadata.namespace ?? "", key, value))) {
        if (labelsInclude(pod.metadata.labels, service.spec.selector ?? {})) found.push(service);
      }
    }
    return found;
  }

  podsOf(service: Service): Pod[] {
    const first = firstPair(service);
    if (first === undefined) return [];
    return this.#pods.lister
      .byIndex(BY_PAIR, pair(service.metadata.namespace ?? "", ...first))
      .filter((pod) => labelsInclude(pod.metadata.labels, service.spec.selector ?? {}));
  }

  /** Calls `changed` for each service whose endpoints an event about a pod can change. */
  onPodChange(changed: (service: Service) => void): void {
    const tell = (pod: Pod): void => this.servicesOf(pod).forEach(changed);
    this.#pods.addHandler({
      add: (pod) => {
        if (podIPs(pod).length > 0) tell(pod);
      },
      update: (pod, before) => {
        const relabelled = !sameLabels(pod.metadata.labels, before.metadata.labels);
        if (!relabelled && sameEndpoint(pod, before)) return;
        tell(pod);
        if (relabelled) tell(before);
      },
      delete: (pod) => {
        if (podIPs(pod).length > 0) tell(pod);
      },
    });
  }
}

function firstPair(service: Service): [string, string] | undefined {
  return Object.entries(service.spec.selector ?? {})[0];
}

function sameEndpoint(a: Pod, b: Pod): boolean {
  return (
    a.spec.nodeName === b.spec.nodeName &&
    a.status?.phase === b.status?.phase &&
    (a.metadata.deletionTimestamp === undefined) === (b.metadata.deletionTimestamp === undefined) &&
    isPodReady(a) === isPodReady(b) &&
    podIPs(a).join() === podIPs(b).join()
  );
}
