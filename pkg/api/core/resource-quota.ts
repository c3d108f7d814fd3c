import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { addInvalid, type Errors, NOT_NEGATIVE } from "../field-checks.ts";
import { checkQualifiedName } from "../names.ts";
import { parseQuantity } from "../quantity.ts";
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

type Amounts = Readonly<Record<string, string>> | undefined;

function checkAmounts(errors: Errors, path: string, amounts: Amounts): void {
  for (const [name, amount] of Object.entries(amounts ?? {})) {
    const at = `${path}[${name}]`;
    const wrong = checkQualifiedName(name);
    addInvalid(errors, at, name, wrong);
    if (wrong.length === 0 && !name.includes("/") && !STANDARD.test(name)) {
      errors.push(fieldError.invalid(at, name, "must be a standard resource for quota"));
    }
    if (amount.startsWith("-")) errors.push(fieldError.invalid(at, amount, NOT_NEGATIVE));
    if (isWhole(name) && parseQuantity(amount).nano % 1_000_000_000n !== 0n) {
      errors.push(fieldError.invalid(at, amount, "must be an integer"));
    }
  }
}

const COUNTS =
  /^(pods|services|replicationcontrollers|resourcequotas|secrets|configmaps|persistentvolumeclaims|services\.(nodeports|loadbalancers))$/;
const isWhole = (name: string): boolean => COUNTS.test(name) || (name.includes("/") && !name.startsWith("count/"));

/** Resources that a scope can be about; all others have no pods behind them. */
const COMPUTE = /^(pods|cpu|memory|ephemeral-storage|(requests|limits)\.(cpu|memory|ephemeral-storage))$/;

function scopeFits(scope: string, resource: string): boolean {
  if (scope === "BestEffort") return resource === "pods";
  if (scope === "VolumeAttributesClass")
    return resource === "persistentvolumeclaims" || resource === "requests.storage";
  return COMPUTE.test(resource);
}

function checkScopes(errors: Errors, path: string, shown: unknown, scopes: readonly string[], spec: Spec): void {
  for (const scope of scopes) {
    for (const resource of Object.keys(spec.hard ?? {}).sort()) {
      if (STANDARD.test(resource) && SCOPES.includes(scope) && !scopeFits(scope, resource)) {
        errors.push(fieldError.invalid(path, shown, "unsupported scope applied to resource"));
      }
    }
  }
  const has = (scope: string): boolean => scopes.includes(scope);
  if (has("BestEffort") && has("NotBestEffort")) {
    errors.push(fieldError.invalid("spec.scopes", spec.scopes, "conflicting scopes"));
  }
  if (has("Terminating") && has("NotTerminating")) {
    errors.push(fieldError.invalid("spec.scopes", spec.scopes, "conflicting scopes"));
  }
}

type Spec = NonNullable<ResourceQuota["spec"]>;
const EXISTS_ONLY = ["BestEffort", "NotBestEffort", "Terminating", "NotTerminating", "CrossNamespacePodAffinity"];

function checkScopeSelector(errors: Errors, spec: Spec): void {
  const at = "spec.scopeSelector.matchExpressions";
  const all = spec.scopeSelector?.matchExpressions ?? [];
  for (const { scopeName, operator, values = [] } of all) {
    if (!SCOPES.includes(scopeName)) {
      errors.push(fieldError.invalid(`${at}.scopeName`, scopeName, "unsupported scope"));
    }
    if (EXISTS_ONLY.includes(scopeName) && operator !== "Exists") {
      const why =
        "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
      errors.push(fieldError.invalid(`${at}.operator`, operator, why));
    }
    if (operator === "In" || operator === "NotIn") {
      if (values.length === 0) {
        const why = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
        errors.push(fieldError.required(`${at}.values`, why));
      }
    } else if (operator === "Exists" || operator === "DoesNotExist") {
      if (values.length > 0) {
        const why = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
        errors.push(fieldError.invalid(`${at}.values`, values, why));
      }
    } else errors.push(fieldError.invalid(`${at}.operator`, operator, "not a valid selector operator"));
  }
  const names = all.map(({ scopeName }) => scopeName);
  checkScopes(errors, at, spec.scopeSelector, names, spec);
}

function validate(quota: ResourceQuota): Errors {
  const errors: Errors = [];
  const spec = quota.spec ?? {};
  checkAmounts(errors, "spec.hard", spec.hard);
  for (const scope of spec.scopes ?? []) {
    if (!SCOPES.includes(scope)) errors.push(fieldError.invalid("spec.scopes", spec.scopes, "unsupported scope"));
  }
  checkScopes(errors, "spec.scopes", spec.scopes, spec.scopes ?? [], spec);
  checkScopeSelector(errors, spec);
  return errors;
}

function validateUpdate(quota: ResourceQuota, old: ResourceQuota): Errors {
  const errors = validate(quota);
  const sorted = (q: ResourceQuota): string => [...new Set(q.spec?.scopes)].sort().join();
  if (sorted(quota) !== sorted(old)) {
    errors.push(fieldError.invalid("spec.scopes", quota.spec?.scopes ?? [], "field is immutable"));
  }
  return errors;
}

function validateStatusUpdate(quota: ResourceQuota): Errors {
  const errors: Errors = [];
  checkAmounts(errors, "status.hard", quota.status?.hard);
  checkAmounts(errors, "status.used", quota.status?.used);
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
  validateStatusUpdate,
  columns: [
    nameColumn,
    column("Request", "Used of what may be requested", (q: ResourceQuota) => amounts(q, false)),
    column("Limit", "Used of what limits may add up to", (q: ResourceQuota) => amounts(q, true)),
    ageColumn,
  ],
});
