import { selectorOf } from "#pkg/api/labels.ts";
import type { MatchResources } from "#pkg/api/types/admissionregistration-v1.ts";
import type { AdmissionAttributes, ObjectReader, ResourceTable } from "../../types.ts";
import { placeByRules } from "../webhooks/invocation.ts";
import type { AnyBinding, AnyPolicy, Constraints, PolicyHook } from "./types.ts";

const GROUP = "admissionregistration.k8s.io";
const MAX_KEPT = 5000;

/** Requests that no policy sees: what mends policies, and reviews, which authorizers themselves may make. */
const EXEMPT: ReadonlySet<string> = new Set([
  `${GROUP}/validatingadmissionpolicies`,
  `${GROUP}/validatingadmissionpolicybindings`,
  `${GROUP}/mutatingadmissionpolicies`,
  `${GROUP}/mutatingadmissionpolicybindings`,
  "authentication.k8s.io/selfsubjectreviews",
  "authentication.k8s.io/tokenreviews",
  "authorization.k8s.io/localsubjectaccessreviews",
  "authorization.k8s.io/selfsubjectaccessreviews",
  "authorization.k8s.io/selfsubjectrulesreviews",
  "authorization.k8s.io/subjectaccessreviews",
]);

/**
 * Policies with their bindings, in the order of the policies' names. A policy counts from the moment it and a binding are
 * stored. Which ones a kind of request may concern is found once and kept until a policy or a resource changes.
 */
export class PolicySource<P extends AnyPolicy, B extends AnyBinding> {
  readonly #reader: ObjectReader;
  readonly #resources: ResourceTable;
  readonly #names: { readonly policies: string; readonly bindings: string };
  readonly #candidates = new Map<string, readonly PolicyHook<P, B>[]>();
  #hooks: readonly PolicyHook<P, B>[] | undefined;
  #generation = -1;

  constructor(
    parts: { readonly reader: ObjectReader; readonly resources: ResourceTable },
    kind: "validatingadmissionpolic" | "mutatingadmissionpolic",
  ) {
    this.#reader = parts.reader;
    this.#resources = parts.resources;
    this.#names = { policies: `${GROUP}/${kind}ies`, bindings: `${GROUP}/${kind}ybindings` };
    for (const name of Object.values(this.#names))
      parts.reader.onChange(name, () => {
        this.#hooks = undefined;
        this.#candidates.clear();
      });
  }

  /** The policies whose rules name such requests; selectors, names and exclusions are still to be looked at. */
  candidates(attributes: AdmissionAttributes): readonly PolicyHook<P, B>[] {
    this.#hooks ??= this.#read();
    if (this.#hooks.length === 0) return this.#hooks;
    const { group, version, resource, subresource, namespace } = attributes.info;
    if (EXEMPT.has(`${group}/${resource}`)) return [];
    if (this.#generation !== this.#resources.generation || this.#candidates.size > MAX_KEPT) {
      this.#generation = this.#resources.generation;
      this.#candidates.clear();
    }
    const key = `${attributes.operation}/${group}/${version}/${resource}/${subresource}/${namespace !== ""}`;
    let found = this.#candidates.get(key);
    if (found === undefined) {
      found = this.#hooks.filter(
        ({ constraints }) => placeByRules(this.#resources, constraints, attributes) !== undefined,
      );
      this.#candidates.set(key, found);
    }
    return found;
  }

  #read(): readonly PolicyHook<P, B>[] {
    const bindings = Map.groupBy(
      this.#reader.list(this.#names.bindings) as readonly unknown[] as readonly B[],
      (b) => b.spec.policyName,
    );
    return (this.#reader.list(this.#names.policies) as readonly unknown[] as readonly P[]).flatMap((policy) => {
      const bound = bindings.get(policy.metadata.name);
      if (bound === undefined || policy.spec.matchConstraints === undefined) return [];
      const hook = {
        policy,
        constraints: constraintsOf(policy.spec.matchConstraints),
        bindings: bound.map((binding) => ({
          binding,
          constraints: binding.spec.matchResources && constraintsOf(binding.spec.matchResources),
        })),
      };
      return [hook];
    });
  }
}

const ANYTHING = [{ operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources: ["*/*"], scope: "*" }];

function constraintsOf(match: MatchResources): Constraints {
  const rules = match.resourceRules ?? [];
  return {
    rules: rules.length === 0 ? ANYTHING : rules,
    exclude: match.excludeResourceRules ?? [],
    matchPolicy: match.matchPolicy === "Exact" ? "Exact" : "Equivalent",
    namespaceSelector: selectorOf(match.namespaceSelector ?? {}),
    objectSelector: selectorOf(match.objectSelector ?? {}),
  };
}
