import { checkDnsLabel } from "../names.ts";
import type { Container, PodSpec } from "../types/core-v1.ts";

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
  for (const [i, volume] of (spec.volumes ?? []).entries()) {
    if (volume.gitRepo !== undefined) found.push(`${path}.volumes[${i}].gitRepo: deprecated in v1.11`);
  }
  for (const [i, secret] of (spec.imagePullSecrets ?? []).entries()) {
    if (!secret.name) found.push(`${path}.imagePullSecrets[${i}].name: invalid empty name ""`);
  }
  spec.containers.forEach((c, i) => found.push(...containerWarnings(`${path}.containers[${i}]`, c)));
  spec.initContainers?.forEach((c, i) => found.push(...containerWarnings(`${path}.initContainers[${i}]`, c)));
  return found;
}

function containerWarnings(path: string, container: Container): string[] {
  const found: string[] = [];
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
