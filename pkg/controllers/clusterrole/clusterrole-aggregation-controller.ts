import { selectorOf } from "#pkg/api/index.ts";
import { type ClusterRole, clusterroles, type PolicyRule } from "#pkg/api/types/rbac-v1.ts";
import type { Informer } from "#pkg/client/index.ts";
import { type ControllerParts, QueueController } from "../controller.ts";
import { canonicalJson, semanticEqual } from "../objects/index.ts";

const BY_AGGREGATION = "aggregated";

/** Fills ClusterRoles that have an aggregationRule with the rules of the roles it selects. */
export class ClusterRoleAggregationController extends QueueController {
  readonly #parts: ControllerParts;
  readonly #roles: Informer<ClusterRole>;

  constructor(parts: ControllerParts) {
    const roles = parts.informers.informer(clusterroles);
    super({ name: "clusterrole-aggregation", informers: [roles], log: parts.log, sync: (key) => this.#sync(key) });
    this.#parts = parts;
    this.#roles = roles;
    roles.addIndex(BY_AGGREGATION, (role) => (role.aggregationRule === undefined ? [] : ["yes"]));
    const changed = (): void => {
      for (const role of roles.lister.byIndex(BY_AGGREGATION, "yes")) this.queue.add(role.metadata.name);
    };
    roles.addHandler({ add: changed, update: changed, delete: changed });
  }

  async #sync(name: string): Promise<void> {
    const role = this.#roles.lister.get({ name });
    const selectors = (role?.aggregationRule?.clusterRoleSelectors ?? []).map((selector) => selectorOf(selector));
    if (role === undefined || selectors.length === 0) return;
    const rules = new Map<string, PolicyRule>();
    for (const selector of selectors) {
      const selected = this.#roles.lister
        .list()
        .filter((other) => other.metadata.name !== name && selector.matches(other.metadata.labels))
        .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
      for (const rule of selected.flatMap((other) => other.rules ?? [])) {
        const key = canonicalJson(rule);
        if (!rules.has(key)) rules.set(key, rule);
      }
    }
    const next = [...rules.values()];
    if (semanticEqual(next, role.rules)) return;
    await this.#parts.client.update(clusterroles, { ...role, rules: next });
  }
}
