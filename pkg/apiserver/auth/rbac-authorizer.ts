import type { ClusterRoleBinding, PolicyRule, Role, RoleBinding, Subject } from "#pkg/api/types/rbac-v1.ts";
import type { Authorizer, ObjectReader, RequestInfo, UserInfo } from "../types.ts";
import { ruleAllows } from "./policy-rule.ts";

const GROUP = "rbac.authorization.k8s.io/";
type Binding = ClusterRoleBinding | RoleBinding;

/** Bindings by subject, of the cluster ("") and of each namespace. */
type Index = Map<string, Map<string, Binding[]>>;

/** Role-based access control: Roles and ClusterRoles, bound to users, groups and service accounts. */
export class RbacAuthorizer implements Authorizer {
  readonly #reader: ObjectReader;
  #index: Index | undefined;

  constructor(reader: ObjectReader) {
    this.#reader = reader;
    const forget = (): void => {
      this.#index = undefined;
    };
    for (const plural of ["rolebindings", "clusterrolebindings"]) reader.onChange(GROUP + plural, forget);
  }

  async authorize(user: UserInfo, info: RequestInfo): ReturnType<Authorizer["authorize"]> {
    for (const { rules, name } of this.#rolesOf(user, info.isResource ? info.namespace : ""))
      if (rules.some((rule) => ruleAllows(rule, info)))
        return { decision: "allow", reason: `RBAC: allowed by ${name}` };
    return { decision: "no-opinion", reason: "" };
  }

  async rulesFor(user: UserInfo, namespace: string): ReturnType<NonNullable<Authorizer["rulesFor"]>> {
    const rules = [...this.#rolesOf(user, namespace)].flatMap((each) => each.rules);
    return {
      resourceRules: rules
        .filter((rule) => (rule.resources ?? []).length > 0)
        .map(({ nonResourceURLs: _urls, ...rule }) => rule),
      nonResourceRules: rules
        .filter((rule) => (rule.nonResourceURLs ?? []).length > 0)
        .map(({ verbs, nonResourceURLs }) => ({
          verbs,
          ...(nonResourceURLs === undefined ? {} : { nonResourceURLs }),
        })),
      incomplete: false,
    };
  }

  *#rolesOf(user: UserInfo, namespace: string): Generator<{ rules: readonly PolicyRule[]; name: string }> {
    this.#index ??= this.#buildIndex();
    for (const scope of namespace === "" ? [""] : ["", namespace]) {
      const bySubject = this.#index.get(scope);
      if (bySubject === undefined) continue;
      for (const subject of [`User:${user.name}`, ...user.groups.map((group) => `Group:${group}`)])
        for (const binding of bySubject.get(subject) ?? []) {
          const { kind, name } = binding.roleRef;
          const role = this.#reader.get(
            GROUP + (kind === "ClusterRole" ? "clusterroles" : "roles"),
            kind === "ClusterRole" ? "" : scope,
            name,
          ) as Role | undefined;
          if (role?.rules !== undefined)
            yield { rules: role.rules, name: `${binding.kind} "${binding.metadata.name}" of ${kind} "${name}"` };
        }
    }
  }

  #buildIndex(): Index {
    const index: Index = new Map();
    const bindings = [
      ...this.#reader.list(`${GROUP}clusterrolebindings`),
      ...this.#reader.list(`${GROUP}rolebindings`),
    ] as Binding[];
    for (const binding of bindings) {
      const scope = binding.metadata.namespace ?? "";
      let bySubject = index.get(scope);
      if (bySubject === undefined) index.set(scope, (bySubject = new Map()));
      for (const subject of binding.subjects ?? []) {
        const key = keyOf(subject, scope);
        const list = bySubject.get(key);
        if (list === undefined) bySubject.set(key, [binding]);
        else list.push(binding);
      }
    }
    return index;
  }
}

function keyOf(subject: Subject, namespace: string): string {
  if (subject.kind === "ServiceAccount")
    return `User:system:serviceaccount:${subject.namespace ?? namespace}:${subject.name}`;
  return `${subject.kind}:${subject.name}`;
}
