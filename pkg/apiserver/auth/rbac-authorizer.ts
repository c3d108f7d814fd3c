import type { ClusterRoleBinding, PolicyRule, Role, RoleBinding, Subject } from "#pkg/api/types/rbac-v1.ts";
import type { Authorizer, Decision, ObjectReader, RequestInfo, UserInfo } from "../types.ts";
import { ruleAllows } from "./policy-rule.ts";

const GROUP = "rbac.authorization.k8s.io/";
type Binding = ClusterRoleBinding | RoleBinding;

/** Bindings by subject, of the cluster ("") and of each namespace. */
type Index = Map<string, Map<string, Binding[]>>;

interface Grant {
  readonly rules: readonly PolicyRule[];
  readonly binding: Binding;
}

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

  authorize(user: UserInfo, info: RequestInfo): Decision {
    const failures: string[] = [];
    for (const { rules, binding } of this.#grantsOf(user, info.isResource ? info.namespace : "", failures))
      if (rules.some((rule) => ruleAllows(rule, info))) return new Allowed(user, binding);
    return { decision: "no-opinion", reason: failures.length === 0 ? "" : `RBAC: ${aggregate(failures)}` };
  }

  async rulesFor(user: UserInfo, namespace: string): ReturnType<NonNullable<Authorizer["rulesFor"]>> {
    const failures: string[] = [];
    const rules = [...this.#grantsOf(user, namespace, failures)].flatMap((each) => each.rules);
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
      ...(failures.length === 0 ? {} : { evaluationError: aggregate(failures) }),
    };
  }

  /** `failures` gets a line for each role that is bound and not there. */
  *#grantsOf(user: UserInfo, namespace: string, failures: string[]): Generator<Grant> {
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
          if (role === undefined)
            failures.push(`${kind.toLowerCase()}.rbac.authorization.k8s.io ${JSON.stringify(name)} not found`);
          else if (role.rules !== undefined) yield { rules: role.rules, binding };
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

/** Its reason is only written when somebody reads it, in an access review. */
class Allowed {
  readonly decision = "allow";
  readonly #user: UserInfo;
  readonly #binding: Binding;

  constructor(user: UserInfo, binding: Binding) {
    this.#user = user;
    this.#binding = binding;
  }

  get reason(): string {
    const { metadata, roleRef, subjects = [] } = this.#binding;
    const scope = metadata.namespace ?? "";
    const keys = new Set([`User:${this.#user.name}`, ...this.#user.groups.map((group) => `Group:${group}`)]);
    const subject = subjects.find((each) => keys.has(keyOf(each, scope)));
    const [kind, name] =
      scope === "" ? ["ClusterRoleBinding", metadata.name] : ["RoleBinding", `${metadata.name}/${scope}`];
    const to = subject === undefined ? "" : ` to ${subjectText(subject, scope)}`;
    return `RBAC: allowed by ${kind} ${JSON.stringify(name)} of ${roleRef.kind} ${JSON.stringify(roleRef.name)}${to}`;
  }
}

function keyOf(subject: Subject, namespace: string): string {
  if (subject.kind === "ServiceAccount")
    return `User:system:serviceaccount:${subject.namespace ?? namespace}:${subject.name}`;
  return `${subject.kind}:${subject.name}`;
}

function subjectText({ kind, name, namespace }: Subject, scope: string): string {
  const shown = kind === "ServiceAccount" ? `${name}/${namespace ?? scope}` : name;
  return `${kind} ${JSON.stringify(shown)}`;
}

/** As Go's aggregated errors: one as it is, several in brackets, each once. */
function aggregate(failures: readonly string[]): string {
  const once = [...new Set(failures)];
  return once.length === 1 ? (once[0] as string) : `[${once.join(", ")}]`;
}
