import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, column, integerColumn, nameColumn } from "../columns.ts";
import { checkEnum, checkLabelSelector, checkOptionalEnum, type Errors } from "../field-checks.ts";
import { checkQualifiedName } from "../names.ts";
import type { Mutable } from "../resource-ref.ts";
import { separateStatus } from "../status-hooks.ts";
import { type Columns, strategyOf } from "../strategy-of.ts";
import type {
  MatchResources,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ParamKind,
  ParamRef,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from "../types/admissionregistration-v1.ts";

type Webhook = ValidatingWebhook | MutatingWebhook;
interface Configuration {
  readonly webhooks?: readonly Webhook[];
}

function defaultWebhook(hook: Mutable<Webhook>): void {
  hook.failurePolicy ??= "Fail";
  hook.matchPolicy ??= "Equivalent";
  hook.namespaceSelector ??= {};
  hook.objectSelector ??= {};
  hook.timeoutSeconds ??= 10;
  if (hook.clientConfig?.service !== undefined) hook.clientConfig.service.port ??= 443;
  for (const rule of hook.rules ?? []) rule.scope ??= "*";
}

function validateHooks(configuration: Configuration): Errors {
  const errors: Errors = [];
  const names = new Set<string>();
  for (const [i, hook] of (configuration.webhooks ?? []).entries()) {
    const at = `webhooks[${i}]`;
    const parts = (hook.name ?? "").split(".");
    if (!hook.name) errors.push(fieldError.required(`${at}.name`));
    else if (parts.length < 3 || checkQualifiedName(hook.name).length > 0) {
      const why = "should be a domain with at least three segments separated by dots";
      errors.push(fieldError.invalid(`${at}.name`, hook.name, why));
    }
    if (names.has(hook.name)) errors.push(fieldError.duplicate(`${at}.name`, hook.name));
    names.add(hook.name);
    checkHook(errors, at, hook);
  }
  return errors;
}

function checkHook(errors: Errors, at: string, hook: Webhook): void {
  const versions = hook.admissionReviewVersions ?? [];
  if (versions.length === 0) {
    errors.push(fieldError.required(`${at}.admissionReviewVersions`, "must specify one of v1, v1beta1"));
  } else if (!versions.includes("v1") && !versions.includes("v1beta1")) {
    const why = "must include at least one of v1, v1beta1";
    errors.push(fieldError.invalid(`${at}.admissionReviewVersions`, versions, why));
  }
  checkEnum(errors, `${at}.sideEffects`, hook.sideEffects, ["None", "NoneOnDryRun"]);
  checkOptionalEnum(errors, `${at}.failurePolicy`, hook.failurePolicy, ["Fail", "Ignore"]);
  checkOptionalEnum(errors, `${at}.matchPolicy`, hook.matchPolicy, ["Equivalent", "Exact"]);
  const timeout = hook.timeoutSeconds ?? 10;
  if (timeout < 1 || timeout > 30) {
    errors.push(
      fieldError.invalid(`${at}.timeoutSeconds`, timeout, "the timeout value must be between 1 and 30 seconds"),
    );
  }
  checkLabelSelector(errors, `${at}.namespaceSelector`, hook.namespaceSelector);
  checkLabelSelector(errors, `${at}.objectSelector`, hook.objectSelector);
  const { url, service } = hook.clientConfig ?? {};
  if ((url === undefined) === (service === undefined)) {
    errors.push(fieldError.required(`${at}.clientConfig`, "exactly one of url or service is required"));
  } else if (url !== undefined && !url.startsWith("https://")) {
    errors.push(fieldError.invalid(`${at}.clientConfig.url`, url, "'https' is the only allowed URL scheme"));
  } else if (service !== undefined) {
    if (!service.name) errors.push(fieldError.required(`${at}.clientConfig.service.name`, "service name is required"));
    if (!service.namespace)
      errors.push(fieldError.required(`${at}.clientConfig.service.namespace`, "service namespace is required"));
  }
  for (const [i, rule] of (hook.rules ?? []).entries()) {
    for (const field of ["operations", "apiGroups", "apiVersions", "resources"] as const) {
      if ((rule[field] ?? []).length === 0) errors.push(fieldError.required(`${at}.rules[${i}].${field}`));
    }
    checkOptionalEnum(errors, `${at}.rules[${i}].scope`, rule.scope, ["*", "Cluster", "Namespaced"]);
  }
}

const webhookColumns: Columns = [
  nameColumn,
  integerColumn("Webhooks", "How many it registers", (c: Configuration) => (c.webhooks ?? []).length),
  ageColumn,
];

export const validatingWebhookConfigurationStrategy = strategyOf<ValidatingWebhookConfiguration>({
  generation: true,
  defaults: (configuration) => configuration.webhooks?.forEach(defaultWebhook),
  validate: validateHooks,
  validateUpdate: validateHooks,
  columns: webhookColumns,
});
export const mutatingWebhookConfigurationStrategy = strategyOf<MutatingWebhookConfiguration>({
  generation: true,
  defaults: (configuration) => {
    for (const hook of configuration.webhooks ?? []) {
      defaultWebhook(hook);
      hook.reinvocationPolicy ??= "Never";
    }
  },
  validate: validateHooks,
  validateUpdate: validateHooks,
  columns: webhookColumns,
});

function defaultMatch(match: Mutable<MatchResources> | undefined): void {
  if (match === undefined) return;
  match.matchPolicy ??= "Equivalent";
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
  for (const rule of [...(match.resourceRules ?? []), ...(match.excludeResourceRules ?? [])]) rule.scope ??= "*";
}

const kindOf = (kind: ParamKind | undefined): string =>
  kind === undefined ? "<unset>" : `${kind.apiVersion}/${kind.kind}`;
function refOf(ref: ParamRef | undefined): string {
  if (ref === undefined) return "<unset>";
  if (ref.name) return ref.namespace ? `${ref.namespace}/${ref.name}` : `*/${ref.name}`;
  return "<selector>";
}

function requiredRules(spec: { matchConstraints?: MatchResources } | undefined): Errors {
  if (spec?.matchConstraints === undefined) return [fieldError.required("spec.matchConstraints")];
  const rules = spec.matchConstraints.resourceRules ?? [];
  return rules.length === 0 ? [fieldError.required("spec.matchConstraints.resourceRules")] : [];
}

function validatePolicy(policy: ValidatingAdmissionPolicy): Errors {
  const errors = requiredRules(policy.spec as { matchConstraints?: MatchResources });
  const { validations = [], auditAnnotations = [] } = policy.spec ?? {};
  if (validations.length === 0 && auditAnnotations.length === 0) {
    const why = "validations or auditAnnotations must contain at least one item";
    errors.push(fieldError.required("spec.validations", why), fieldError.required("spec.auditAnnotations", why));
  }
  for (const [i, validation] of validations.entries()) {
    if (!validation.expression?.trim()) {
      errors.push(fieldError.required(`spec.validations[${i}].expression`, "expression is not specified"));
    }
  }
  return errors;
}

export const validatingAdmissionPolicyStrategy = strategyOf<ValidatingAdmissionPolicy>({
  ...separateStatus<ValidatingAdmissionPolicy>(() => ({})),
  generation: true,
  defaults: (policy) => {
    policy.spec ??= {};
    policy.spec.failurePolicy ??= "Fail";
    defaultMatch(policy.spec.matchConstraints);
  },
  validate: validatePolicy,
  validateUpdate: validatePolicy,
  columns: [
    nameColumn,
    integerColumn(
      "Validations",
      "How many rules",
      (p: ValidatingAdmissionPolicy) => (p.spec?.validations ?? []).length,
    ),
    column("ParamKind", "Kind of its parameters", (p: ValidatingAdmissionPolicy) => kindOf(p.spec?.paramKind)),
    ageColumn,
  ],
});

const mutatingRules = (policy: MutatingAdmissionPolicy): Errors => {
  const errors = requiredRules(policy.spec as { matchConstraints?: MatchResources });
  if ((policy.spec?.mutations ?? []).length === 0) {
    errors.push(fieldError.required("spec.mutations", "mutations must contain at least one item"));
  }
  return errors;
};
export const mutatingAdmissionPolicyStrategy = strategyOf<MutatingAdmissionPolicy>({
  generation: true,
  defaults: (policy) => {
    policy.spec ??= {};
    policy.spec.failurePolicy ??= "Fail";
    policy.spec.reinvocationPolicy ??= "Never";
    defaultMatch(policy.spec.matchConstraints);
  },
  validate: mutatingRules,
  validateUpdate: mutatingRules,
  columns: [
    nameColumn,
    integerColumn("Mutations", "How many rules", (p: MutatingAdmissionPolicy) => (p.spec?.mutations ?? []).length),
    column("ParamKind", "Kind of its parameters", (p: MutatingAdmissionPolicy) => kindOf(p.spec?.paramKind)),
    ageColumn,
  ],
});

type Binding = ValidatingAdmissionPolicyBinding | MutatingAdmissionPolicyBinding;
const bindingColumns: Columns = [
  nameColumn,
  column("PolicyName", "Policy it binds", (b: Binding) => b.spec?.policyName),
  column("ParamRef", "Its parameters", (b: Binding) => refOf(b.spec?.paramRef)),
  ageColumn,
];
const policyNamed = (binding: Binding): Errors =>
  binding.spec?.policyName ? [] : [fieldError.required("spec.policyName")];

function validateBinding(binding: ValidatingAdmissionPolicyBinding): Errors {
  const errors = policyNamed(binding);
  const actions = binding.spec?.validationActions ?? [];
  if (actions.length === 0)
    errors.push(fieldError.required("spec.validationActions", "at least one validation action is required"));
  for (const action of actions) checkEnum(errors, "spec.validationActions", action, ["Audit", "Deny", "Warn"]);
  if (actions.includes("Deny") && actions.includes("Warn")) {
    errors.push(fieldError.invalid("spec.validationActions", actions, "must not contain both Deny and Warn"));
  }
  return errors;
}
export const validatingAdmissionPolicyBindingStrategy = strategyOf<ValidatingAdmissionPolicyBinding>({
  generation: true,
  defaults: (binding) => defaultMatch(binding.spec?.matchResources),
  validate: validateBinding,
  validateUpdate: validateBinding,
  columns: bindingColumns,
});
export const mutatingAdmissionPolicyBindingStrategy = strategyOf<MutatingAdmissionPolicyBinding>({
  generation: true,
  defaults: (binding) => defaultMatch(binding.spec?.matchResources),
  validate: policyNamed,
  validateUpdate: policyNamed,
  columns: bindingColumns,
});
