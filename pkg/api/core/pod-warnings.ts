import { checkDnsLabel } from "../names.ts";
import { parseQuantity } from "../quantity.ts";
import type { Container, NodeAffinity, NodeSelectorTerm, PodSpec } from "../types/core-v1.ts";

/** For a new object whose name becomes part of its pods' names. */
export function hostnameWarnings(name: string, where = "Pod names and hostnames"): string[] {
  const wrong = checkDnsLabel(name);
  if (wrong.length === 0) return [];
  const what = `[${wrong.join(" ")}]`;
  return [
    `metadata.name: this is used in ${where}, which can result in surprising behavior; a DNS label is recommended: ${what}`,
  ];
}

/** Texts for what is allowed in a pod and is most likely a mistake (upstream's pod warnings). */
export function podSpecWarnings(path: string, spec: PodSpec | undefined): string[] {
  if (spec === undefined) return [];
  const found: string[] = [];
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) {
    found.push(
      `${path}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`,
    );
  }
  for (const key in spec.nodeSelector) {
    const why = DEPRECATED_NODE_LABELS.get(key);
    if (why !== undefined) found.push(`${path}.nodeSelector[${key}]: ${why}`);
  }
  found.push(...affinityWarnings(`${path}.affinity.nodeAffinity`, spec.affinity?.nodeAffinity));
  for (const [i, { topologyKey }] of (spec.topologySpreadConstraints ?? []).entries()) {
    const why = DEPRECATED_NODE_LABELS.get(topologyKey);
    if (why !== undefined) {
      found.push(`${path}.topologySpreadConstraints[${i}].topologyKey: ${topologyKey} is ${why}`);
    }
  }
  for (const [i, volume] of (spec.volumes ?? []).entries()) {
    for (const [source, why] of DEPRECATED_VOLUMES) {
      if (volume[source] !== undefined) found.push(`${path}.volumes[${i}].${source}: ${why}`);
    }
  }
  const aliases = new Set<string>();
  for (const [i, { ip }] of (spec.hostAliases ?? []).entries()) {
    if (aliases.has(ip)) {
      found.push(`${path}.hostAliases[${i}].ip: duplicate host alias ${JSON.stringify(ip)}`);
    }
    aliases.add(ip);
  }
  for (const [i, secret] of (spec.imagePullSecrets ?? []).entries()) {
    if (!secret.name) found.push(`${path}.imagePullSecrets[${i}].name: invalid empty name ""`);
  }
  spec.containers.forEach((c, i) => found.push(...containerWarnings(`${path}.containers[${i}]`, c)));
  spec.initContainers?.forEach((c, i) => found.push(...containerWarnings(`${path}.initContainers[${i}]`, c)));
  return found;
}

/** Labels of nodes that have other names now. */
export const DEPRECATED_NODE_LABELS: ReadonlyMap<string, string> = new Map([
  ["beta.kubernetes.io/arch", 'deprecated since v1.14; use "kubernetes.io/arch" instead'],
  ["beta.kubernetes.io/os", 'deprecated since v1.14; use "kubernetes.io/os" instead'],
  ["failure-domain.beta.kubernetes.io/region", 'deprecated since v1.17; use "topology.kubernetes.io/region" instead'],
  ["failure-domain.beta.kubernetes.io/zone", 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'],
  ["beta.kubernetes.io/instance-type", 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead'],
]);

/** Sources of volumes that are going or gone, with upstream's words. */
export const DEPRECATED_VOLUMES = [
  ["photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"],
  ["gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"],
  ["scaleIO", "deprecated in v1.16, non-functional in v1.22+"],
  ["flocker", "deprecated in v1.22, non-functional in v1.25+"],
  ["storageos", "deprecated in v1.22, non-functional in v1.25+"],
  ["quobyte", "deprecated in v1.22, non-functional in v1.25+"],
  ["glusterfs", "deprecated in v1.25, non-functional in v1.26+"],
  ["cephfs", "deprecated in v1.28, non-functional in v1.31+"],
  ["rbd", "deprecated in v1.28, non-functional in v1.31+"],
] as const;

function affinityWarnings(path: string, affinity: NodeAffinity | undefined): string[] {
  const found: string[] = [];
  const look = (at: string, term: NodeSelectorTerm | undefined): void => {
    for (const [i, { key }] of (term?.matchExpressions ?? []).entries()) {
      const why = DEPRECATED_NODE_LABELS.get(key);
      if (why !== undefined) found.push(`${at}.matchExpressions[${i}].key: ${key} is ${why}`);
    }
  };
  const required = "requiredDuringSchedulingIgnoredDuringExecution";
  const preferred = "preferredDuringSchedulingIgnoredDuringExecution";
  for (const [i, term] of (affinity?.[required]?.nodeSelectorTerms ?? []).entries()) {
    look(`${path}.${required}.nodeSelectorTerms[${i}]`, term);
  }
  for (const [i, { preference }] of (affinity?.[preferred] ?? []).entries()) {
    look(`${path}.${preferred}[${i}].preference`, preference);
  }
  return found;
}

const DEPRECATED_ANNOTATIONS = [
  ["scheduler.alpha.kubernetes.io/critical-pod", 'non-functional in v1.16+; use the "priorityClassName" field instead'],
  ["security.alpha.kubernetes.io/sysctls", 'non-functional in v1.11+; use the "sysctls" field instead'],
  ["security.alpha.kubernetes.io/unsafe-sysctls", 'non-functional in v1.11+; use the "sysctls" field instead'],
  ["seccomp.security.alpha.kubernetes.io/pod", 'non-functional in v1.27+; use the "seccompProfile" field instead'],
  [
    "container.seccomp.security.alpha.kubernetes.io/",
    'non-functional in v1.27+; use the "seccompProfile" field instead',
  ],
  [
    "container.apparmor.security.beta.kubernetes.io/",
    'deprecated since v1.30; use the "appArmorProfile" field instead',
  ],
] as const;

/** Annotations whose job a field does now. */
export function annotationWarnings(path: string, annotations: Readonly<Record<string, string>> | undefined): string[] {
  return Object.keys(annotations ?? {}).flatMap((key) => {
    const found = DEPRECATED_ANNOTATIONS.find(([name]) => (name.endsWith("/") ? key.startsWith(name) : key === name));
    return found === undefined ? [] : [`${path}[${key}]: ${found[1]}`];
  });
}

/** Bytes cannot be divided. */
function fractionWarnings(path: string, amounts: Readonly<Record<string, string>> | undefined): string[] {
  return ["memory", "ephemeral-storage"].flatMap((name) => {
    const amount = amounts?.[name];
    if (amount === undefined || parseQuantity(amount).nano % 1_000_000_000n === 0n) return [];
    return [`${path}[${name}]: fractional byte value ${JSON.stringify(amount)} is invalid, must be an integer`];
  });
}

function containerWarnings(path: string, container: Container): string[] {
  const found = [
    ...fractionWarnings(`${path}.resources.limits`, container.resources?.limits),
    ...fractionWarnings(`${path}.resources.requests`, container.resources?.requests),
  ];
  const names = new Map<string, number>();
  for (const [i, variable] of (container.env ?? []).entries()) {
    const before = names.get(variable.name);
    // A definition that uses the one before it is meant.
    if (before !== undefined && variable.value?.includes(`$(${variable.name})`) !== true) {
      found.push(
        `${path}.env[${i}]: hides previous definition of "${variable.name}", which may be dropped when using apply`,
      );
    }
    names.set(variable.name, i);
  }
  const ports = new Map<string, number>();
  for (const [i, port] of (container.ports ?? []).entries()) {
    const key = `${port.containerPort}/${port.protocol}/${port.hostIP ?? ""}/${port.hostPort ?? 0}`;
    const before = ports.get(key);
    if (before !== undefined) {
      found.push(`${path}.ports[${i}]: duplicate port definition with ${path}.ports[${before}]`);
    } else ports.set(key, i);
  }
  return found;
}
