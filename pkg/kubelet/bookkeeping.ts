/**
 * What is written on sandboxes and containers so that a later kubelet, ours or upstream's, knows whose they are and how
 * to end them. Keys are upstream's (pkg/kubelet/types/labels.go, kuberuntime/labels.go); other tools read them too.
 */
import type { Container, Lifecycle, Pod } from "#pkg/api/types/core-v1.ts";
import type { AnyContainer } from "./types.ts";

export const podNameLabel = "io.kubernetes.pod.name";
export const podNamespaceLabel = "io.kubernetes.pod.namespace";
export const podUidLabel = "io.kubernetes.pod.uid";
export const containerNameLabel = "io.kubernetes.container.name";

const hashKey = "io.kubernetes.container.hash";
const restartCountKey = "io.kubernetes.container.restartCount";
const messagePathKey = "io.kubernetes.container.terminationMessagePath";
const messagePolicyKey = "io.kubernetes.container.terminationMessagePolicy";
const preStopKey = "io.kubernetes.container.preStopHandler";
const portsKey = "io.kubernetes.container.ports";
const deletionGraceKey = "io.kubernetes.pod.deletionGracePeriod";
const terminationGraceKey = "io.kubernetes.pod.terminationGracePeriod";

type Strings = Readonly<Record<string, string>>;

const identityLabels = (pod: Pod): Record<string, string> => ({
  [podNameLabel]: pod.metadata.name ?? "",
  [podNamespaceLabel]: pod.metadata.namespace ?? "",
  [podUidLabel]: pod.metadata.uid ?? "",
});

export const sandboxLabels = (pod: Pod): Strings => ({ ...pod.metadata.labels, ...identityLabels(pod) });
export const sandboxAnnotations = (pod: Pod): Strings => ({ ...pod.metadata.annotations });

export const containerLabels = (pod: Pod, container: AnyContainer): Strings => ({
  ...identityLabels(pod),
  [containerNameLabel]: container.name,
});

export function containerAnnotations(pod: Pod, container: AnyContainer, restartCount: number): Strings {
  const { preStop } = (container.lifecycle ?? {}) as Lifecycle;
  const { deletionGracePeriodSeconds } = pod.metadata;
  const { terminationGracePeriodSeconds } = pod.spec;
  const ports = container.ports ?? [];
  return {
    [hashKey]: containerHash(container),
    [restartCountKey]: String(restartCount),
    [messagePathKey]: container.terminationMessagePath ?? "/dev/termination-log",
    [messagePolicyKey]: container.terminationMessagePolicy ?? "File",
    ...(preStop === undefined ? {} : { [preStopKey]: JSON.stringify({ ...container, env: undefined }) }),
    ...(ports.length === 0 ? {} : { [portsKey]: JSON.stringify(ports) }),
    ...(deletionGracePeriodSeconds === undefined ? {} : { [deletionGraceKey]: String(deletionGracePeriodSeconds) }),
    ...(terminationGracePeriodSeconds === undefined
      ? {}
      : { [terminationGraceKey]: String(terminationGracePeriodSeconds) }),
  };
}

/** What a container was started with, read back from its labels and annotations. */
export interface ContainerRecord {
  readonly podName: string;
  readonly podNamespace: string;
  readonly podUid: string;
  readonly containerName: string;
  readonly hash: string;
  readonly restartCount: number;
  readonly terminationMessagePath: string;
  readonly terminationMessagePolicy: string;
  /** The container as it was, where it has a preStop hook: for pods that the API has forgotten. */
  readonly preStopContainer: Container | undefined;
  readonly terminationGracePeriodSeconds: number | undefined;
}

export function containerRecord(from: { readonly labels?: Strings; readonly annotations?: Strings }): ContainerRecord {
  const labels = from.labels ?? {};
  const annotations = from.annotations ?? {};
  const grace = annotations[deletionGraceKey] ?? annotations[terminationGraceKey];
  return {
    podName: labels[podNameLabel] ?? "",
    podNamespace: labels[podNamespaceLabel] ?? "",
    podUid: labels[podUidLabel] ?? "",
    containerName: labels[containerNameLabel] ?? "",
    hash: annotations[hashKey] ?? "",
    restartCount: Number(annotations[restartCountKey] ?? 0),
    terminationMessagePath: annotations[messagePathKey] ?? "",
    terminationMessagePolicy: annotations[messagePolicyKey] ?? "File",
    preStopContainer: parsed(annotations[preStopKey]),
    terminationGracePeriodSeconds: grace === undefined ? undefined : Number(grace),
  };
}

function parsed(text: string | undefined): Container | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Container;
  } catch {
    // Somebody else's annotation: the container then ends without its hook.
    return undefined;
  }
}

/** FNV-1a (32 bit, hex) of what a running container cannot change without being made again: its name and image. */
export function containerHash(container: { readonly name: string; readonly image?: string }): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(JSON.stringify([container.name, container.image ?? ""]))) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash.toString(16);
}
