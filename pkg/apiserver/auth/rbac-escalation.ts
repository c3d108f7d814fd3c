import { quotedList } from "#pkg/api/field-checks.ts";
import { semanticEqual } from "#pkg/api/equal.ts";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import type { ClusterRole, PolicyRule, Role, RoleBinding } from "#pkg/api/types/rbac-v1.ts";
import { forbidden, notFound } from "#pkg/errors/index.ts";
import type { AdmissionAttributes, AdmissionPlugin, RequestInfo, ServerParts, UserInfo } from "../types.ts";
import { compacted, permissionCount, ruleText, uncovered } from "./rule-coverage.ts";

const GROUP = "rbac.authorization.k8s.io";
const FULL_AUTHORITY: readonly PolicyRule[] = [
  { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
  { verbs: ["*"], nonResourceURLs: ["*"] },
];
/** A role of more single permissions than this (lists multiply) would keep the server busy for too long. */
const MAX_PERMISSIONS = 100_000;

/**
 * Nobody gives more than they have: who writes a role needs its permissions or the verb "escalate", who writes a binding
 * those of its role or the verb "bind" (upstream's policy-based storage of RBAC). Last of the mutating plugins, so that
 * it judges what will be stored.
 */
export class RbacEscalation implements AdmissionPlugin {
  readonly name = "RbacEscalation";
  readonly resources = ["roles", "rolebindings", "clusterroles", "clusterrolebindings"].map(
    (each) => `${GROUP}/${each}`,
  );
  readonly #parts: Pick<ServerParts, "reader" | "authorizer">;

  constructor(parts: Pick<ServerParts, "reader" | "authorizer">) {
    this.#parts = parts;
  }

  async admit(attributes: AdmissionAttributes): Promise<void> {
    const { info, operation, user, object, old } = attributes;
    if (info.group !== GROUP || (operation !== "CREATE" && operation !== "UPDATE")) return;
    if (user.groups.includes("system:masters")) return;
    const isBinding = info.resource === "rolebindings" || info.resource === "clusterrolebindings";
    if (!isBinding && (await this.#may("escalate", user, info, info.resource, object.metadata.name ?? ""))) return;
    if (old !== undefined && changesOnlyOwnership(object as KubeObject, old as KubeObject)) return;
    if (isBinding) await this.#checkBinding(attributes);
    else await this.#checkRole(attributes);
  }

  async #checkRole(attributes: AdmissionAttributes): Promise<void> {
    const role = attributes.object as Role | ClusterRole;
    await this.#confirm(attributes, role.rules ?? []);
    if (!hasAggregation(role) && !hasAggregation(attributes.old as ClusterRole | undefined)) return;
    const held = await this.#rulesOf(attributes);
    if (uncovered(held, FULL_AUTHORITY).length > 0)
      throw refusal(attributes, "must have cluster-admin privileges to use the aggregationRule");
  }

  async #checkBinding(attributes: AdmissionAttributes): Promise<void> {
    const { kind, name } = (attributes.object as RoleBinding).roleRef;
    const { user, info } = attributes;
    const plural = kind === "ClusterRole" ? "clusterroles" : "roles";
    if (await this.#may("bind", user, info, plural, name)) return;
    const namespace = plural === "roles" ? info.namespace : "";
    const role = this.#parts.reader.get(`${GROUP}/${plural}`, namespace, name) as Role | undefined;
    if (role === undefined) throw notFound({ group: GROUP, plural }, name);
    await this.#confirm(attributes, role.rules ?? []);
  }

  async #confirm(attributes: AdmissionAttributes, wanted: readonly PolicyRule[]): Promise<void> {
    if (wanted.reduce((sum, rule) => sum + permissionCount(rule), 0) > MAX_PERMISSIONS)
      throw refusal(attributes, `the rules hold more than ${MAX_PERMISSIONS} permissions`);
    const missing = uncovered(await this.#rulesOf(attributes), wanted);
    if (missing.length === 0) return;
    const { name, groups } = attributes.user;
    const texts = [...new Set(compacted(missing).map(ruleText))].sort();
    throw refusal(
      attributes,
      `user ${JSON.stringify(name)} (groups=${quotedList(groups)}) is attempting to grant RBAC permissions not currently held:\n${texts.join("\n")}`,
    );
  }

  async #rulesOf({ user, info }: AdmissionAttributes): Promise<PolicyRule[]> {
    const rules = await this.#parts.authorizer.rulesFor?.(user, info.namespace);
    return [...(rules?.resourceRules ?? []), ...(rules?.nonResourceRules ?? [])];
  }

  async #may(verb: string, user: UserInfo, info: RequestInfo, resource: string, name: string): Promise<boolean> {
    const asked: RequestInfo = { ...info, isResource: true, verb, resource, subresource: "", name, rest: "" };
    return (await this.#parts.authorizer.authorize(user, asked)).decision === "allow";
  }
}

function refusal({ info, object }: AdmissionAttributes, why: string): Error {
  return forbidden({ group: GROUP, plural: info.resource }, object.metadata.name ?? "", why);
}

const hasAggregation = (role: Role | ClusterRole | undefined): boolean =>
  ((role as ClusterRole | undefined)?.aggregationRule?.clusterRoleSelectors ?? []).length > 0;

/** What the garbage collector writes on its way to delete an object. */
function changesOnlyOwnership(object: KubeObject, old: KubeObject): boolean {
  const rest = ({ metadata, ...fields }: KubeObject): object => {
    const { ownerReferences: _o, finalizers: _f, managedFields: _m, resourceVersion: _r, ...kept } = metadata;
    return { ...fields, metadata: kept };
  };
  return semanticEqual(rest(object), rest(old));
}
