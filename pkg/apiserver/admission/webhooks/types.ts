import type { ResourceDefinition } from "#pkg/api/definition.ts";
import type { Selector } from "#pkg/api/labels.ts";
import type {
  MatchCondition,
  RuleWithOperations,
  WebhookClientConfig,
} from "#pkg/api/types/admissionregistration-v1.ts";
import type { GroupVersionKind } from "../../types.ts";

/**
 * A webhook as it is registered, ready to be matched and called:
 *
 *   configurations ─▶ WebhookSource ─▶ Webhook ─▶ invocationOf (rules, selectors) ─▶ Versioned ─▶ conditions ─▶ call
 */
export interface Webhook {
  readonly name: string;
  /** Of one registration among all: "configuration/webhook/index". */
  readonly id: string;
  readonly clientConfig: WebhookClientConfig;
  readonly rules: readonly RuleWithOperations[];
  readonly failurePolicy: "Fail" | "Ignore";
  readonly matchPolicy: "Exact" | "Equivalent";
  readonly namespaceSelector: Selector;
  readonly objectSelector: Selector;
  readonly matchConditions: readonly MatchCondition[];
  readonly sideEffects: string;
  readonly timeoutSeconds: number;
  readonly reviewVersions: readonly string[];
  readonly reinvocation: "Never" | "IfNeeded";
}

/** As what a webhook gets a request: the request's own resource, or an equivalent one that its rules name. */
export interface Invocation {
  readonly webhook: Webhook;
  readonly resource: { readonly group: string; readonly version: string; readonly resource: string };
  readonly kind: GroupVersionKind;
  /** The version that `object` and `oldObject` are converted to; undefined where they are as they should be. */
  readonly definition: ResourceDefinition | undefined;
}

/** The objects of a request in the version of an invocation. */
export interface Versioned {
  readonly object: unknown;
  readonly old: unknown;
}
