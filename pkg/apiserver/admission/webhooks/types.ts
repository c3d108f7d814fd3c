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
export interface Webhook extends Matchable {
  readonly name: string;
  /** Of one registration among all: "configuration/webhook/index". */
  readonly id: string;
  readonly clientConfig: WebhookClientConfig;
  readonly failurePolicy: "Fail" | "Ignore";
  readonly matchConditions: readonly MatchCondition[];
  readonly sideEffects: string;
  readonly timeoutSeconds: number;
  readonly reviewVersions: readonly string[];
  readonly reinvocation: "Never" | "IfNeeded";
}

/** Which requests a webhook or a policy is about. */
export interface Matchable {
  readonly rules: readonly RuleWithOperations[];
  readonly matchPolicy: "Exact" | "Equivalent";
  readonly namespaceSelector: Selector;
  readonly objectSelector: Selector;
}

/** As what a request is shown: its own resource, or an equivalent one that the rules name. */
export interface Place {
  readonly resource: { readonly group: string; readonly version: string; readonly resource: string };
  readonly kind: GroupVersionKind;
  /** The version that `object` and `oldObject` are converted to; undefined where they are as they should be. */
  readonly definition: ResourceDefinition | undefined;
}

export interface Invocation extends Place {
  readonly webhook: Webhook;
}

/** The objects of a request in the version of an invocation. */
export interface Versioned {
  readonly object: unknown;
  readonly old: unknown;
}
