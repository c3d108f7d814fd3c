import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { addInvalid, type Errors, NOT_NEGATIVE } from "../field-checks.ts";
import { checkQualifiedName } from "../names.ts";
import { separateStatus } from "../status-hooks.ts";
import { strategyOf } from "../strategy-of.ts";
import type { ResourceQuota } from "../types/core-v1.ts";

const SCOPES = [
  "Terminating",
  "NotTerminating",
  "BestEffort",
  "NotBestEffort",
  "PriorityClass",
  "CrossNamespacePodAffinity",
  "VolumeAttributesClass",
];
const STANDARD =
  /^(cpu|memory|ephemeral-storage|pods|services|replicationcontrollers|resourcequotas|secrets|configmaps|persistentvolumeclaims|requests\.(cpu|memory|storage|ephemeral-storage|hugepages-.+)|limits\.(cpu|memory|ephemeral-storage)|services\.(nodeports|loadbalancers)|hugepages-.+)$/;

function validate(quota: ResourceQuota): Errors {
  const errors: Errors = [];
  for (const [name, amount] of Object.entries(quota.spec?.hard ?? {})) {
    const at = `spec.hard[${name}]`;
    addInvalid(errors, at, name, checkQualifiedName(name));
    if (!name.includes("/") && !STANDARD.test(name)) {
      errors.push(fieldError.invalid(at, name, "must be a standard resource for quota"));
    }
    if (amount.startsWith("-")) errors.push(fieldError.invalid(at, amount, NOT_NEGATIVE));
  }
  for (const scope of quota.spec?.scopes ?? []) {
    if (!SCOPES.includes(scope))
      errors.push(fieldError.invalid("spec.scopes", quota.spec?.scopes, "unsupported scope"));
  }
  const has = (scope: string): boolean => (quota.spec?.scopes ?? []).includes(scope);
  if ((has("BestEffort") && has("NotBestEffort")) || (has("Terminating") && has("NotTerminating"))) {
    errors.push(fieldError.invalid("spec.scopes", quota.spec?.scopes, "conflicting scopes"));
  }
  return errors;
}

function validateUpdate(quota: ResourceQuota, old: ResourceQuota): Errors {
  const errors = validate(quota);
  const sorted = (q: ResourceQuota): string => [...(q.spec?.scopes ?? [])].sort().join();
  if (sorted(quota) !== sorted(old)) {
    errors.push(fieldError.invalid("spec.scopes", quota.spec?.scopes, "field is immutable"));
  }
  return errors;
}

function amounts(quota: ResourceQuota, isLimit: boolean): string {
  return Object.keys(quota.status?.hard ?? {})
    .filter((name) => name.startsWith("limits") === isLimit)
    .sort()
    .map((name) => `${name}: ${quota.status?.used?.[name] ?? "0"}/${quota.status?.hard?.[name]}`)
    .join(", ");
}

export const resourceQuotaStrategy = strategyOf<ResourceQuota>({
  ...separateStatus<ResourceQuota>(() => ({})),
  defaults: (quota) => {
    quota.spec ??= {};
  },
  validate,
  validateUpdate,
  columns: [
    nameColumn,
    column("Request", "Used of what may be requested", (q: ResourceQuota) => amounts(q, false)),
    column("Limit", "Used of what limits may add up to", (q: ResourceQuota) => amounts(q, true)),
    ageColumn,
  ],
});
