import type { Selector } from "#pkg/api/labels.ts";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  NamedRuleWithOperations,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from "#pkg/api/types/admissionregistration-v1.ts";
import type { Authorizer, ObjectReader, ResourceTable } from "../../types.ts";

export interface PolicyParts {
  readonly reader: ObjectReader;
  readonly resources: ResourceTable;
  readonly authorizer: Authorizer;
}

export type AnyPolicy = ValidatingAdmissionPolicy | MutatingAdmissionPolicy;
export type AnyBinding = ValidatingAdmissionPolicyBinding | MutatingAdmissionPolicyBinding;

/** MatchResources, ready to be asked. No rules mean all requests. */
export interface Constraints {
  readonly rules: readonly NamedRuleWithOperations[];
  readonly exclude: readonly NamedRuleWithOperations[];
  readonly matchPolicy: "Exact" | "Equivalent";
  readonly namespaceSelector: Selector;
  readonly objectSelector: Selector;
}

/** A policy with what binds it:
 *
 *   policies, bindings ─▶ PolicySource ─▶ hooks ─▶ matchOf (policy, binding) ─▶ collectParams ─▶ evaluate ─▶ decisions
 */
export interface PolicyHook<P extends AnyPolicy, B extends AnyBinding> {
  readonly policy: P;
  readonly constraints: Constraints;
  readonly bindings: readonly { readonly binding: B; readonly constraints: Constraints | undefined }[];
}

/** A parameter object, or null where the policy or the binding has none. */
export type Param = KubeObject | null;
