import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, column, nameColumn, wideColumn } from "../columns.ts";
import { semanticEqual } from "../equal.ts";
import { addInvalid, type Errors } from "../field-checks.ts";
import { checkCidr } from "../names.ts";
import { strategyOf } from "../strategy-of.ts";
import type { Node } from "../types/core-v1.ts";
import { checkAmount } from "./resources-validation.ts";
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

function checkAmounts(errors: Errors, node: Node): void {
  for (const list of ["capacity", "allocatable"] as const) {
    for (const [name, amount] of Object.entries(node.status?.[list] ?? {})) {
      checkAmount(errors, `status.${list}.${name}`, name, amount);
    }
  }
}

/** Upstream names the path of taints "metadata.taints". */
function validate(node: Node): Errors {
  const errors: Errors = [];
  checkTaints(errors, "metadata.taints", node.spec.taints);
  checkAmounts(errors, node);
  const cidrs = node.spec.podCIDRs ?? [];
  for (const [i, cidr] of cidrs.entries()) addInvalid(errors, `spec.podCIDRs[${i}]`, cidr, checkCidr(cidr));
  if (cidrs.length > 1) {
    if (cidrs.length > 2 || new Set(cidrs.map((cidr) => cidr.includes(":"))).size !== 2) {
      errors.push(fieldError.invalid("spec.podCIDRs", cidrs, "may specify no more than one CIDR for each IP family"));
    }
    for (const [i, cidr] of cidrs.entries()) {
      if (cidrs.indexOf(cidr) < i) errors.push(fieldError.duplicate(`spec.podCIDRs[${i}]`, cidr));
    }
  }
  return errors;
}

/** The controller manager gives a node its range once. */
function validateUpdate(node: Node, old: Node): Errors {
  const errors: Errors = [];
  checkAmounts(errors, node);
  const seen = new Set<string>();
  for (const [i, address] of (node.status?.addresses ?? []).entries()) {
    const key = `${address.type} ${address.address}`;
    if (seen.has(key)) errors.push(fieldError.duplicate(`status.addresses[${i}]`, address));
    seen.add(key);
  }
  if ((old.spec.podCIDRs ?? []).length > 0 && !semanticEqual(node.spec.podCIDRs, old.spec.podCIDRs)) {
    const why = 'node updates may not change podCIDR except from "" to valid';
    errors.push(fieldError.forbidden("spec.podCIDRs", why));
  }
  if (old.spec.providerID && node.spec.providerID !== old.spec.providerID) {
    const why = 'node updates may not change providerID except from "" to valid';
    errors.push(fieldError.forbidden("spec.providerID", why));
  }
  checkTaints(errors, "metadata.taints", node.spec.taints);
  if ((node.spec.externalID ?? "") !== (old.spec.externalID ?? "")) {
    errors.push(fieldError.forbidden("spec.externalID", "may not be updated"));
  }
  return errors;
}

/** Fields that nothing reads any more. */
function nodeWarnings(node: Node): string[] {
  const found: string[] = [];
  if (node.spec.configSource !== undefined) {
    found.push("spec.configSource: the feature is no longer supported");
  }
  if (node.spec.externalID) found.push("spec.externalID: this field is deprecated, and is unused by Kubernetes");
  return found;
}

export const nodeStrategy = strategyOf<Node>({
  validate,
  validateUpdate,
  validateStatusUpdate: validateUpdate,
  warnings: nodeWarnings,
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
