import type { Pod } from "#pkg/api/types/core-v1.ts";
import { quantityMilliValue, quantityValue } from "./quantity.ts";
import type { AnyContainer } from "./types.ts";

/** Values of the downward API that are not in the pod as the API knows it. */
export interface FieldFacts {
  readonly podIPs: readonly string[];
  readonly hostIPs: readonly string[];
}

/**
 * The text of a downward-API field: "metadata.name", "metadata.labels['a']", "status.podIP".
 * Whole maps ("metadata.labels") give one `key="value"` line per entry, sorted, as volumes want them.
 */
export function fieldText(pod: Pod, path: string, facts: FieldFacts): string {
  const subscript = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (subscript !== null) {
    const [, map = "", key = ""] = subscript;
    return pod.metadata[map as "labels" | "annotations"]?.[key] ?? "";
  }
  switch (path) {
    case "metadata.name":
      return pod.metadata.name;
    case "metadata.namespace":
      return pod.metadata.namespace ?? "";
    case "metadata.uid":
      return pod.metadata.uid;
    case "metadata.labels":
      return mapText(pod.metadata.labels);
    case "metadata.annotations":
      return mapText(pod.metadata.annotations);
    case "spec.nodeName":
      return pod.spec.nodeName ?? "";
    case "spec.serviceAccountName":
      return pod.spec.serviceAccountName ?? "";
    case "status.hostIP":
      return facts.hostIPs[0] ?? "";
    case "status.hostIPs":
      return facts.hostIPs.join(",");
    case "status.podIP":
      return facts.podIPs[0] ?? "";
    case "status.podIPs":
      return facts.podIPs.join(",");
    default:
      throw new Error(`unsupported fieldPath: ${path}`);
  }
}

function mapText(map: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join("\n");
}

/**
 * The text of a resource field ("limits.cpu", "requests.memory") in units of `divisor`, rounded up.
 * A container without a limit may use what the node offers, so that is its limit here.
 */
export function resourceText(
  pod: Pod,
  container: AnyContainer,
  resource: string,
  divisor: string | undefined,
  allocatable: Readonly<Record<string, string>>,
): string {
  const match = /^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.+)$/.exec(resource);
  if (match === null) throw new Error(`unsupported container resource : ${resource}`);
  const [, kind = "", name = ""] = match;
  const limit = container.resources?.limits?.[name];
  const quantity =
    kind === "requests"
      ? (container.resources?.requests?.[name] ?? limit)
      : (limit ?? pod.spec.resources?.limits?.[name] ?? allocatable[name]);
  const unit = quantityMilliValue(divisor) === 0 ? "1" : (divisor ?? "1");
  if (name === "cpu") return String(Math.ceil(quantityMilliValue(quantity) / quantityMilliValue(unit)));
  return String(Math.ceil(quantityValue(quantity) / quantityValue(unit)));
}
