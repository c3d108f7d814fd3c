import { ageColumn, column, nameColumn, wideColumn } from "../columns.ts";
import { strategyOf } from "../strategy-of.ts";
import type { Node } from "../types/core-v1.ts";

const ROLE_PREFIX = "node-role.kubernetes.io/";

function rolesOf(node: Node): string {
  const roles = new Set<string>();
  for (const [key, value] of Object.entries(node.metadata.labels ?? {})) {
    if (key.startsWith(ROLE_PREFIX) && key.length > ROLE_PREFIX.length) roles.add(key.slice(ROLE_PREFIX.length));
    else if (key === "kubernetes.io/role" && value !== "") roles.add(value);
  }
  return roles.size === 0 ? "<none>" : [...roles].sort().join(",");
}

function statusOf(node: Node): string {
  const ready = node.status?.conditions?.find((c) => c.type === "Ready");
  const words = [ready === undefined ? "Unknown" : ready.status === "True" ? "Ready" : "NotReady"];
  if (node.spec?.unschedulable === true) words.push("SchedulingDisabled");
  return words.join(",");
}

const addressOf = (node: Node, type: string): string =>
  node.status?.addresses?.find((a) => a.type === type)?.address ?? "<none>";

export const nodeStrategy = strategyOf<Node>({
  defaults: (node) => {
    node.spec ??= {};
    node.status ??= {};
    if (node.spec.podCIDR && (node.spec.podCIDRs ?? []).length === 0) node.spec.podCIDRs = [node.spec.podCIDR];
    if (!node.spec.podCIDR && node.spec.podCIDRs?.[0] !== undefined) node.spec.podCIDR = node.spec.podCIDRs[0];
    const status = node.status;
    if (status.capacity !== undefined && status.allocatable === undefined) status.allocatable = { ...status.capacity };
  },
  prepareForUpdate: (node, old) => {
    node.status = structuredClone(old.status ?? {}) as NonNullable<typeof node.status>;
  },
  selectableFields: { "spec.unschedulable": (node) => String(node.spec?.unschedulable ?? false) },
  columns: [
    nameColumn,
    column("Status", "Readiness", statusOf),
    column("Roles", "Roles from its labels", rolesOf),
    ageColumn,
    column("Version", "Version of its kubelet", (n: Node) => n.status?.nodeInfo?.kubeletVersion),
    wideColumn("Internal-IP", "Address inside the cluster", (n: Node) => addressOf(n, "InternalIP")),
    wideColumn("External-IP", "Address outside of it", (n: Node) => addressOf(n, "ExternalIP")),
    wideColumn("OS-Image", "Operating system", (n: Node) => n.status?.nodeInfo?.osImage || "<unknown>"),
    wideColumn("Kernel-Version", "Kernel", (n: Node) => n.status?.nodeInfo?.kernelVersion || "<unknown>"),
    wideColumn(
      "Container-Runtime",
      "Runtime and version",
      (n: Node) => n.status?.nodeInfo?.containerRuntimeVersion || "<unknown>",
    ),
  ],
});
