import { compareQuantities, selectorOf } from "#pkg/api/index.ts";
import type { PersistentVolume, PersistentVolumeClaim, Pod } from "#pkg/api/types/core-v1.ts";
import type { StorageClass } from "#pkg/api/types/storage-v1.ts";
import type { Informers } from "../informers.ts";
import type { NodeInfo } from "../node-info.ts";
import type { PodInfo } from "../pod-info.ts";
import { compileTerm } from "./node-selector-terms.ts";

const BIND_COMPLETED = "pv.kubernetes.io/bind-completed";
const NO_PROVISIONER = "kubernetes.io/no-provisioner";

/** The claims of a pod, by what has to happen before it can run. */
export interface PodClaims {
  /** Their volumes, undefined where the volume is gone. */
  readonly bound: readonly (PersistentVolume | undefined)[];
  /** To be bound once the pod has a node (WaitForFirstConsumer). */
  readonly waiting: readonly { readonly claim: PersistentVolumeClaim; readonly storageClass: StorageClass }[];
}

type Listers = Pick<Informers, "claims" | "volumes" | "storageClasses">;

/** Sorts the pod's claims, or says in upstream's words why no node will do. */
export function podClaims({ pod, claims }: PodInfo, listers: Listers): PodClaims | { readonly rejected: string } {
  const { namespace = "" } = pod.metadata;
  const bound: (PersistentVolume | undefined)[] = [];
  const waiting: { claim: PersistentVolumeClaim; storageClass: StorageClass }[] = [];
  for (const name of claims) {
    const claim = listers.claims.lister.get({ namespace, name });
    const quoted = `persistentvolumeclaim "${name}"`;
    if (claim === undefined) return { rejected: missing(pod, name) };
    if (claim.metadata.deletionTimestamp !== undefined) return { rejected: `${quoted} is being deleted` };
    if (claim.status?.phase === "Lost") {
      return { rejected: `${quoted} bound to non-existent persistentvolume "${claim.spec.volumeName ?? ""}"` };
    }
    if (isBound(claim)) {
      bound.push(listers.volumes.lister.get({ name: claim.spec.volumeName ?? "" }));
      continue;
    }
    const className = claim.spec.storageClassName ?? "";
    const storageClass = className === "" ? undefined : listers.storageClasses.lister.get({ name: className });
    if (storageClass?.volumeBindingMode !== "WaitForFirstConsumer") {
      return { rejected: "pod has unbound immediate PersistentVolumeClaims" };
    }
    waiting.push({ claim, storageClass });
  }
  return { bound, waiting };
}

function missing(pod: Pod, name: string): string {
  const ephemeral = pod.spec.volumes?.some(
    (volume) => volume.ephemeral !== undefined && `${pod.metadata.name}-${volume.name}` === name,
  );
  return ephemeral === true
    ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`
    : `persistentvolumeclaim "${name}" not found`;
}

export const isBound = ({ spec, metadata }: PersistentVolumeClaim): boolean =>
  spec.volumeName !== undefined && spec.volumeName !== "" && metadata.annotations?.[BIND_COMPLETED] !== undefined;

export const isProvisioned = ({ provisioner }: StorageClass): boolean => provisioner !== NO_PROVISIONER;

export function volumeReaches({ spec }: PersistentVolume, node: NodeInfo): boolean {
  const required = spec.nodeAffinity?.required;
  return required === undefined || required.nodeSelectorTerms.map(compileTerm).some((term) => term.matches(node));
}

/** Whether the class may make volumes for the node. */
export function classReaches({ allowedTopologies }: StorageClass, node: NodeInfo): boolean {
  if (allowedTopologies === undefined || allowedTopologies.length === 0) return true;
  return allowedTopologies.some(({ matchLabelExpressions = [] }) =>
    matchLabelExpressions.every(({ key, values }) => {
      const value = node.labels[key];
      return value !== undefined && values.includes(value);
    }),
  );
}

/** The smallest free volume that serves the claim on the node; one reserved for the claim comes first. */
export function findVolume(
  claim: PersistentVolumeClaim,
  node: NodeInfo,
  volumes: Iterable<PersistentVolume>,
  taken: ReadonlySet<string>,
): PersistentVolume | undefined {
  let best: PersistentVolume | undefined;
  for (const volume of volumes) {
    if (taken.has(volume.metadata.name) || !serves(volume, claim) || !volumeReaches(volume, node)) continue;
    if (volume.spec.claimRef !== undefined) return volume;
    if (best === undefined || compareQuantities(capacity(volume), capacity(best)) < 0) best = volume;
  }
  return best;
}

const capacity = ({ spec }: PersistentVolume): string => spec.capacity?.["storage"] ?? "0";

function serves(volume: PersistentVolume, { spec: wanted, metadata }: PersistentVolumeClaim): boolean {
  const { spec } = volume;
  const { claimRef } = spec;
  if (volume.metadata.deletionTimestamp !== undefined) return false;
  if (claimRef === undefined) {
    if (volume.status?.phase !== "Available") return false;
    if (wanted.selector !== undefined && !selectorOf(wanted.selector).matches(volume.metadata.labels)) return false;
  } else {
    if (claimRef.name !== metadata.name || claimRef.namespace !== metadata.namespace) return false;
    if (claimRef.uid !== undefined && claimRef.uid !== metadata.uid) return false;
  }
  return (
    (spec.storageClassName ?? "") === (wanted.storageClassName ?? "") &&
    (spec.volumeMode ?? "Filesystem") === (wanted.volumeMode ?? "Filesystem") &&
    (wanted.accessModes ?? []).every((mode) => spec.accessModes?.includes(mode)) &&
    compareQuantities(capacity(volume), wanted.resources?.requests?.["storage"] ?? "0") >= 0
  );
}
