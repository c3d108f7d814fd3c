import { ageColumn, column, defaultColumns, nameColumn, wideColumn } from "../columns.ts";
import type { Mutable } from "../resource-ref.ts";
import { type Columns, strategyOf } from "../strategy-of.ts";
import type { ClusterRole, Role, RoleBinding } from "../types/rbac-v1.ts";
import { validateBinding, validateBindingUpdate, validateClusterRole, validateRole } from "./validation.ts";

const GROUP = "rbac.authorization.k8s.io";

/** Upstream's names of RBAC objects hold colons: anything that is one segment of a path. */
const nameRule = "path-segment";

export const roleStrategy = strategyOf<Role>({
  nameRule,
  allowCreateOnUpdate: true,
  columns: defaultColumns,
  validate: validateRole,
  validateUpdate: validateRole,
});

export const clusterRoleStrategy = strategyOf<ClusterRole>({
  nameRule,
  allowCreateOnUpdate: true,
  columns: defaultColumns,
  validate: validateClusterRole,
  validateUpdate: validateClusterRole,
});

function defaultBinding(binding: Mutable<RoleBinding>): void {
  binding.roleRef ??= { kind: "", name: "" };
  binding.roleRef.apiGroup ||= GROUP;
  for (const subject of binding.subjects ?? []) {
    if (subject.apiGroup === undefined && (subject.kind === "User" || subject.kind === "Group")) {
      subject.apiGroup = GROUP;
    }
  }
}

const subjects = (binding: RoleBinding, kind: string): string =>
  (binding.subjects ?? [])
    .filter((s) => s.kind === kind)
    .map((s) => (kind === "ServiceAccount" ? `${s.namespace}/${s.name}` : s.name))
    .join(", ");

const bindingColumns: Columns = [
  nameColumn,
  column("Role", "Role that is granted", (b: RoleBinding) => `${b.roleRef.kind}/${b.roleRef.name}`),
  ageColumn,
  wideColumn("Users", "Users it is granted to", (b: RoleBinding) => subjects(b, "User")),
  wideColumn("Groups", "Groups it is granted to", (b: RoleBinding) => subjects(b, "Group")),
  wideColumn("ServiceAccounts", "Accounts it is granted to", (b: RoleBinding) => subjects(b, "ServiceAccount")),
];

const bindingStrategy = (isNamespaced: boolean) =>
  strategyOf<RoleBinding>({
    nameRule,
    allowCreateOnUpdate: true,
    columns: bindingColumns,
    defaults: defaultBinding,
    validate: (binding) => validateBinding(binding, isNamespaced),
    validateUpdate: (binding, old) => validateBindingUpdate(binding, old, isNamespaced),
  });

export const roleBindingStrategy = bindingStrategy(true);
export const clusterRoleBindingStrategy = bindingStrategy(false);
