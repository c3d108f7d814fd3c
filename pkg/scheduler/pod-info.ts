import type { Pod } from "#pkg/api/types/core-v1.ts";
import { keyOf } from "#pkg/client/index.ts";
import { type AffinityTerm, affinityTerm, type NamespaceLabels, type WeightedAffinityTerm } from "./affinity-term.ts";
import type { Amounts, QuantityReader } from "./amounts.ts";
import { podRequests } from "./pod-requests.ts";

export interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

/** A pod with everything that cycles ask of it worked out once. */
export interface PodInfo {
  readonly key: string;
  readonly pod: Pod;
  readonly priority: number;
  readonly requests: Amounts;
  /** Requests for comparing nodes, where asking for nothing counts as a little. */
  readonly scoringRequests: Amounts;
  readonly hostPorts: readonly HostPort[];
  /** Names of PersistentVolumeClaims in the pod's namespace, those of ephemeral volumes too. */
  readonly claims: readonly string[];
  readonly requiredAffinity: readonly AffinityTerm[];
  readonly requiredAntiAffinity: readonly AffinityTerm[];
  /** Anti-affinity has negative weights. */
  readonly preferredAffinity: readonly WeightedAffinityTerm[];
}

const NONE: readonly never[] = [];

export class PodInfoBuilder {
  readonly #quantities: QuantityReader;
  readonly #namespaceLabels: NamespaceLabels;

  constructor(parts: { readonly quantities: QuantityReader; readonly namespaceLabels: NamespaceLabels }) {
    this.#quantities = parts.quantities;
    this.#namespaceLabels = parts.namespaceLabels;
  }

  build(pod: Pod): PodInfo {
    const affinity = pod.spec.affinity?.podAffinity;
    const anti = pod.spec.affinity?.podAntiAffinity;
    const terms = (list: typeof affinity): readonly AffinityTerm[] =>
      list?.requiredDuringSchedulingIgnoredDuringExecution?.map((term) =>
        affinityTerm(term, pod, this.#namespaceLabels),
      ) ?? NONE;
    const weighted = (list: typeof affinity, sign: 1 | -1): readonly WeightedAffinityTerm[] =>
      list?.preferredDuringSchedulingIgnoredDuringExecution?.map((term) => ({
        ...affinityTerm(term.podAffinityTerm, pod, this.#namespaceLabels),
        weight: sign * term.weight,
      })) ?? NONE;
    return {
      key: keyOf(pod),
      pod,
      priority: pod.spec.priority ?? 0,
      requests: podRequests(pod, this.#quantities, false),
      scoringRequests: podRequests(pod, this.#quantities, true),
      hostPorts: hostPorts(pod),
      claims: claims(pod),
      requiredAffinity: terms(affinity),
      requiredAntiAffinity: terms(anti),
      preferredAffinity:
        affinity === undefined && anti === undefined ? NONE : [...weighted(affinity, 1), ...weighted(anti, -1)],
    };
  }
}

function hostPorts({ spec }: Pod): readonly HostPort[] {
  const found: HostPort[] = [];
  const sidecars = spec.initContainers?.filter((container) => container.restartPolicy === "Always") ?? NONE;
  for (const container of sidecars.length === 0 ? spec.containers : [...sidecars, ...spec.containers]) {
    for (const { hostPort, hostIP, protocol } of container.ports ?? NONE) {
      if (hostPort === undefined || hostPort === 0) continue;
      const ip = hostIP === undefined || hostIP === "" || hostIP === "::" ? "0.0.0.0" : hostIP;
      found.push({ ip, protocol: protocol ?? "TCP", port: hostPort });
    }
  }
  return found.length === 0 ? NONE : found;
}

function claims({ spec, metadata }: Pod): readonly string[] {
  const found: string[] = [];
  for (const volume of spec.volumes ?? NONE) {
    if (volume.persistentVolumeClaim !== undefined) found.push(volume.persistentVolumeClaim.claimName);
    else if (volume.ephemeral !== undefined) found.push(`${metadata.name}-${volume.name}`);
  }
  return found.length === 0 ? NONE : found;
}
