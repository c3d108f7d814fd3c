import type { NamedRuleWithOperations } from "#pkg/api/types/admissionregistration-v1.ts";
import type { AdmissionAttributes } from "../../types.ts";
import { placeByRules, placeOf } from "../webhooks/invocation.ts";
import type { Place } from "../webhooks/types.ts";
import type { Constraints, PolicyParts } from "./types.ts";

/** As what a policy or binding sees a request; undefined when it is not about it. @throws 404 for a missing namespace */
export function matchOf(
  parts: PolicyParts,
  constraints: Constraints,
  attributes: AdmissionAttributes,
): Place | undefined {
  const rules = ofName(constraints.rules, attributes.info.name);
  if (rules.length === 0) return undefined;
  const exclude = ofName(constraints.exclude, attributes.info.name);
  const isExcluded =
    exclude.length > 0 && placeByRules(parts.resources, { ...constraints, rules: exclude }, attributes) !== undefined;
  return isExcluded ? undefined : placeOf(parts, { ...constraints, rules }, attributes);
}

const ofName = (rules: readonly NamedRuleWithOperations[], name: string): readonly NamedRuleWithOperations[] =>
  rules.filter((rule) => (rule.resourceNames ?? []).length === 0 || rule.resourceNames?.includes(name) === true);
