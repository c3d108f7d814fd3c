/** The roles and bindings every cluster starts with, made from rbac.json. */
import type { NewObject } from "#pkg/api/resource-ref.ts";
import type { ClusterRole, PolicyRule, Role, RoleBinding, Subject } from "#pkg/api/types/rbac-v1.ts";
import rbac from "./rbac.json" with { type: "json" };

/** Lists are texts with blanks between; "core" stands for the group "". */
export interface RuleRow {
  verbs?: string;
  groups?: string;
  resources?: string;
  names?: string;
  urls?: string;
}
/** "Group:system:masters", "ServiceAccount:kube-system/name". */
export type SubjectText = `${string}:${string}`;
export interface RbacTable {
  /** By name, "namespace/name" for namespaced ones. `aggregates` takes the rules of all roles that aggregate to it. */
  roles: Record<string, { aggregatesTo?: string[]; aggregates?: string[]; rules: RuleRow[] }>;
  /** `role` is "ClusterRole:name" or "Role:name". */
  bindings: Record<string, { role: string; subjects: SubjectText[] }>;
}

const GROUP = "rbac.authorization.k8s.io";
const AGGREGATE = `${GROUP}/aggregate-to-`;

export interface DefaultRbac {
  readonly clusterRoles: readonly NewObject<ClusterRole>[];
  readonly clusterRoleBindings: readonly NewObject<RoleBinding>[];
  readonly roles: readonly NewObject<Role>[];
  readonly roleBindings: readonly NewObject<RoleBinding>[];
}

export function defaultRbac(table: RbacTable = rbac as RbacTable): DefaultRbac {
  const roles = Object.entries(table.roles).map(([id, row]) => ({
    metadata: {
      ...metadataOf(id),
      labels: {
        "kubernetes.io/bootstrapping": "rbac-defaults",
        ...Object.fromEntries((row.aggregatesTo ?? []).map((to) => [AGGREGATE + to, "true"])),
      },
    },
    ...(row.aggregates === undefined
      ? {}
      : {
          aggregationRule: {
            clusterRoleSelectors: row.aggregates.map((to) => ({ matchLabels: { [AGGREGATE + to]: "true" } })),
          },
        }),
    rules: row.aggregates === undefined ? row.rules.map(ruleOf) : aggregated(table, row.aggregates, new Set([id])),
  }));
  const bindings = Object.entries(table.bindings).map(([id, row]) => ({
    metadata: { ...metadataOf(id), labels: { "kubernetes.io/bootstrapping": "rbac-defaults" } },
    roleRef: { apiGroup: GROUP, ...splitAt(row.role) },
    subjects: row.subjects.map(subjectOf),
  }));
  const isNamespaced = (o: { readonly metadata: { readonly namespace?: string } }): boolean =>
    o.metadata.namespace !== undefined;
  return {
    clusterRoles: roles.filter((o) => !isNamespaced(o)),
    roles: roles.filter(isNamespaced),
    clusterRoleBindings: bindings.filter((o) => !isNamespaced(o)),
    roleBindings: bindings.filter(isNamespaced),
  };
}

/** Rules of every role that aggregates to one of `targets`, as the aggregation controller would collect them. */
function aggregated(table: RbacTable, targets: readonly string[], seen: ReadonlySet<string>): PolicyRule[] {
  return Object.entries(table.roles).flatMap(([id, row]) => {
    if (seen.has(id) || row.aggregatesTo?.some((to) => targets.includes(to)) !== true) return [];
    return row.aggregates === undefined
      ? row.rules.map(ruleOf)
      : aggregated(table, row.aggregates, new Set([...seen, id]));
  });
}

function metadataOf(id: string): { name: string; namespace?: string; annotations: Record<string, string> } {
  const slash = id.indexOf("/");
  return {
    name: id.slice(slash + 1),
    ...(slash < 0 ? {} : { namespace: id.slice(0, slash) }),
    annotations: { "rbac.authorization.kubernetes.io/autoupdate": "true" },
  };
}

function ruleOf(row: RuleRow): PolicyRule {
  const list = (text: string): string[] => text.split(" ");
  return {
    ...(row.groups === undefined ? {} : { apiGroups: list(row.groups).map((g) => (g === "core" ? "" : g)) }),
    ...(row.resources === undefined ? {} : { resources: list(row.resources) }),
    ...(row.names === undefined ? {} : { resourceNames: list(row.names) }),
    ...(row.urls === undefined ? {} : { nonResourceURLs: list(row.urls) }),
    verbs: list(row.verbs ?? ""),
  };
}

function splitAt(text: string): { kind: string; name: string } {
  const colon = text.indexOf(":");
  return { kind: text.slice(0, colon), name: text.slice(colon + 1) };
}

function subjectOf(text: SubjectText): Subject {
  const { kind, name } = splitAt(text);
  if (kind !== "ServiceAccount") return { apiGroup: GROUP, kind, name };
  const [namespace = "", account = ""] = name.split("/");
  return { kind, name: account, namespace };
}
