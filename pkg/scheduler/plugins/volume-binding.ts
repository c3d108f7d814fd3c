import { until } from "#pkg/async/index.ts";
import { apiVersionOf } from "#pkg/api/resource-ref.ts";
import { type PersistentVolumeClaim, persistentvolumeclaims, persistentvolumes } from "#pkg/api/types/core-v1.ts";
import type { Client } from "#pkg/client/index.ts";
import type { Cache } from "../cache.ts";
import type { Informers } from "../informers.ts";
import type { NodeInfo } from "../node-info.ts";
import type { PodInfo } from "../pod-info.ts";
import type { FilterPlugin, NodeFailure, PreBindPlugin } from "../types.ts";
import {
  classReaches,
  findVolume,
  isBound,
  isProvisioned,
  type PodClaims,
  podClaims,
  volumeReaches,
} from "./volume-claims.ts";

const SELECTED_NODE = "volume.kubernetes.io/selected-node";
/** Upstream's bindTimeoutSeconds. */
const BIND_TIMEOUT_MS = 600_000;

const GONE = {
  reasons: ["node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"],
  unresolvable: true,
};
const CONFLICT = { reasons: ["node(s) didn't match PersistentVolume's node affinity"], unresolvable: true };
const NO_VOLUME = { reasons: ["node(s) didn't find available persistent volumes to bind"], unresolvable: true };

type Listers = Pick<Informers, "claims" | "volumes" | "storageClasses">;

/** Volumes must be reachable from the node; claims that wait for their first consumer must be servable there. */
export function volumeBindingFilter(listers: Listers): FilterPlugin {
  return {
    name: "VolumeBinding",
    retryOn: ["NodeAdd", "NodeLabel", "Volume"],
    prepareFilter: (pod) => {
      if (pod.claims.length === 0) return undefined;
      const claims = podClaims(pod, listers);
      if ("rejected" in claims) return { rejected: claims.rejected, unresolvable: true };
      return { filter: { check: (node) => checkVolumes(claims, node, listers) } };
    },
  };
}

function checkVolumes({ bound, waiting }: PodClaims, node: NodeInfo, listers: Listers): NodeFailure | undefined {
  for (const volume of bound) {
    if (volume === undefined) return GONE;
    if (!volumeReaches(volume, node)) return CONFLICT;
  }
  return plan(waiting, node, listers) === undefined ? NO_VOLUME : undefined;
}

/** What to do for the waiting claims on the node: take a volume that is there, or have one made. Undefined: impossible. */
function plan(
  waiting: PodClaims["waiting"],
  node: NodeInfo,
  { volumes }: Pick<Listers, "volumes">,
): { readonly claim: PersistentVolumeClaim; readonly volume: string | undefined }[] | undefined {
  const taken = new Set<string>();
  const planned: { claim: PersistentVolumeClaim; volume: string | undefined }[] = [];
  for (const { claim, storageClass } of waiting) {
    const volume = findVolume(claim, node, volumes.lister.values(), taken)?.metadata.name;
    if (volume !== undefined) taken.add(volume);
    else if (!isProvisioned(storageClass) || !classReaches(storageClass, node)) return undefined;
    planned.push({ claim, volume });
  }
  return planned;
}

/** Before a pod is bound: reserves volumes or names the node to provisioners, and waits until all claims are bound. */
export function volumeBindingPreBind(parts: {
  readonly client: Client;
  readonly cache: Pick<Cache, "node">;
  readonly informers: Listers;
}): PreBindPlugin {
  const { client, cache, informers } = parts;

  async function reserve(claim: PersistentVolumeClaim, name: string, signal: AbortSignal): Promise<void> {
    const volume = informers.volumes.lister.get({ name });
    if (volume === undefined) throw new Error(`persistentvolume "${name}" is gone`);
    const { metadata } = claim;
    const claimRef = {
      kind: "PersistentVolumeClaim",
      apiVersion: apiVersionOf(persistentvolumeclaims),
      name: metadata.name,
      namespace: metadata.namespace ?? "",
      uid: metadata.uid,
      resourceVersion: metadata.resourceVersion,
    };
    // Conditional on the volume as it was when chosen: another pod may have been faster.
    await client.update(persistentvolumes, { ...volume, spec: { ...volume.spec, claimRef } }, { signal });
  }

  async function nameNode({ metadata }: PersistentVolumeClaim, node: string, signal: AbortSignal): Promise<void> {
    const { name, namespace = "", resourceVersion } = metadata;
    const patch = { metadata: { resourceVersion, annotations: { [SELECTED_NODE]: node } } };
    await client.patch(persistentvolumeclaims, { name, namespace }, "application/merge-patch+json", patch, { signal });
  }

  async function bindClaims(
    pod: PodInfo,
    waiting: PodClaims["waiting"],
    node: NodeInfo,
    signal: AbortSignal,
  ): Promise<void> {
    const planned = plan(waiting, node, informers);
    if (planned === undefined) throw new Error(`volumes for ${pod.key} are no longer available on ${node.name}`);
    for (const { claim, volume } of planned) {
      if (volume !== undefined) await reserve(claim, volume, signal);
      else if (claim.metadata.annotations?.[SELECTED_NODE] !== node.name) await nameNode(claim, node.name, signal);
    }
    const { namespace = "" } = pod.pod.metadata;
    await until(
      () =>
        pod.claims.every((name) => {
          const claim = informers.claims.lister.get({ namespace, name });
          return claim !== undefined && isBound(claim);
        }),
      { timeoutMs: BIND_TIMEOUT_MS, intervalMs: 100, signal, what: `the volumes of pod ${pod.key}` },
    );
  }

  return {
    name: "VolumeBinding",
    preBind: (pod, nodeName, signal) => {
      if (pod.claims.length === 0) return undefined;
      const claims = podClaims(pod, informers);
      if ("rejected" in claims) return Promise.reject(new Error(claims.rejected));
      if (claims.waiting.length === 0) return undefined;
      const node = cache.node(nodeName);
      if (node === undefined) return Promise.reject(new Error(`node ${nodeName} is gone`));
      return bindClaims(pod, claims.waiting, node, signal);
    },
  };
}
