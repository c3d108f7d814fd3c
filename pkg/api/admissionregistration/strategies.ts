import { ageColumn, column, integerColumn, nameColumn } from "../columns.ts";
import type { Mutable } from "../resource-ref.ts";
import { LazyModule } from "../lazy-module.ts";
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
import type * as Expressions from "./expressions.ts";
import { validateMutatingBinding, validateMutatingPolicy } from "./mutating-policy.ts";
import {
  validateValidatingBinding,
  validateValidatingPolicy,
  validateValidatingPolicyStatus,
} from "./validating-policy.ts";
import { type Configuration, validateWebhooks } from "./webhooks.ts";

type Webhook = ValidatingWebhook | MutatingWebhook;

const expressions = new LazyModule<typeof Expressions>(() => import("./expressions.ts"));

function defaultWebhook(hook: Mutable<Webhook>): void {
  hook.failurePolicy ??= "Fail";
  hook.matchPolicy ??= "Equivalent";
  hook.namespaceSelector ??= {};
  hook.objectSelector ??= {};
  hook.timeoutSeconds ??= 10;
  if (hook.clientConfig?.service !== undefined) hook.clientConfig.service.port ??= 443;
  for (const rule of hook.rules ?? []) rule.scope ??= "*";
}

const webhookColumns: Columns = [
  nameColumn,
  integerColumn("Webhooks", "How many it registers", (c: Configuration) => (c.webhooks ?? []).length),
  ageColumn,
];

export const validatingWebhookConfigurationStrategy = strategyOf<ValidatingWebhookConfiguration>({
  generation: true,
  defaults: (configuration) => configuration.webhooks?.forEach(defaultWebhook),
  ready: expressions.ready,
  validate: (configuration) => validateWebhooks(configuration, undefined, expressions.module),
  validateUpdate: (configuration, old) => validateWebhooks(configuration, old, expressions.module),
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
  ready: expressions.ready,
  validate: (configuration) => validateWebhooks(configuration, undefined, expressions.module),
  validateUpdate: (configuration, old) => validateWebhooks(configuration, old, expressions.module),
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

export const validatingAdmissionPolicyStrategy = strategyOf<ValidatingAdmissionPolicy>({
  ...separateStatus<ValidatingAdmissionPolicy>(() => ({})),
  generation: true,
  defaults: (policy) => {
    policy.spec ??= {};
    policy.spec.failurePolicy ??= "Fail";
    defaultMatch(policy.spec.matchConstraints);
  },
  ready: expressions.ready,
  validate: (policy) => validateValidatingPolicy(policy, undefined, expressions.module),
  validateUpdate: (policy, old) => validateValidatingPolicy(policy, old, expressions.module),
  validateStatusUpdate: validateValidatingPolicyStatus,
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

export const mutatingAdmissionPolicyStrategy = strategyOf<MutatingAdmissionPolicy>({
  generation: true,
  defaults: (policy) => {
    policy.spec ??= {};
    policy.spec.failurePolicy ??= "Fail";
    defaultMatch(policy.spec.matchConstraints);
  },
  ready: expressions.ready,
  validate: (policy) => validateMutatingPolicy(policy, undefined, expressions.module),
  validateUpdate: (policy, old) => validateMutatingPolicy(policy, old, expressions.module),
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
export const validatingAdmissionPolicyBindingStrategy = strategyOf<ValidatingAdmissionPolicyBinding>({
  generation: true,
  defaults: (binding) => defaultMatch(binding.spec?.matchResources),
  validate: validateValidatingBinding,
  validateUpdate: validateValidatingBinding,
  columns: bindingColumns,
});
export const mutatingAdmissionPolicyBindingStrategy = strategyOf<MutatingAdmissionPolicyBinding>({
  generation: true,
  defaults: (binding) => defaultMatch(binding.spec?.matchResources),
  validate: validateMutatingBinding,
  validateUpdate: validateMutatingBinding,
  columns: bindingColumns,
});
