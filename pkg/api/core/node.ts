import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, column, nameColumn, wideColumn } from "../columns.ts";
import { semanticEqual } from "../equal.ts";
import { addInvalid, type Errors, NOT_NEGATIVE } from "../field-checks.ts";
import { checkCidr } from "../names.ts";
import { strategyOf } from "../strategy-of.ts";
import type { Node } from "../types/core-v1.ts";
import { checkTaints } from "./scheduling-validation.ts";

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

function validate(node: Node): Errors {
  const errors: Errors = [];
  checkTaints(errors, "spec.taints", node.spec.taints);
  for (const [i, cidr] of (node.spec.podCIDRs ?? []).entries()) {
    addInvalid(errors, `spec.podCIDRs[${i}]`, cidr, checkCidr(cidr));
  }
  for (const list of ["capacity", "allocatable"] as const) {
    for (const [name, amount] of Object.entries(node.status?.[list] ?? {})) {
      if (amount.startsWith("-")) errors.push(fieldError.invalid(`status.${list}[${name}]`, amount, NOT_NEGATIVE));
    }
  }
  return errors;
}

/** The controller manager gives a node its range once. */
function validateUpdate(node: Node, old: Node): Errors {
  const errors = validate(node);
  if ((old.spec.podCIDRs ?? []).length > 0 && !semanticEqual(node.spec.podCIDRs, old.spec.podCIDRs)) {
    const why = 'node updates may not change podCIDR except from "" to valid';
    errors.push(fieldError.forbidden("spec.podCIDRs", why));
  }
  if (old.spec.providerID && node.spec.providerID !== old.spec.providerID) {
    const why = 'node updates may not change providerID except from "" to valid';
    errors.push(fieldError.forbidden("spec.providerID", why));
  }
  return errors;
}

export const nodeStrategy = strategyOf<Node>({
  validate,
  validateUpdate,
  validateStatusUpdate: validate,
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
