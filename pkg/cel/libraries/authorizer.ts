import { type Failure, failure } from "../runtime/failure.ts";
import { OpaqueValue } from "../runtime/values.ts";
import type { AuthorizationCheck, AuthorizationDecision, AuthorizerBinding } from "../types.ts";
import { type Overload, overload, type OverloadOptions } from "./overload.ts";

const AUTHORIZER = "kubernetes.authorization.Authorizer";
const PATH = "kubernetes.authorization.PathCheck";
const GROUP = "kubernetes.authorization.GroupCheck";
const RESOURCE = "kubernetes.authorization.ResourceCheck";
const DECISION = "kubernetes.authorization.Decision";

type TypeName = typeof AUTHORIZER | typeof PATH | typeof GROUP | typeof RESOURCE;

/** A check on its way: each step of the chain is one with more known. */
class CheckValue extends OpaqueValue {
  readonly typeName: TypeName;
  readonly binding: AuthorizerBinding;
  readonly check: AuthorizationCheck;
  constructor(typeName: TypeName, binding: AuthorizerBinding, check: AuthorizationCheck) {
    super();
    this.typeName = typeName;
    this.binding = binding;
    this.check = check;
  }
  with(typeName: TypeName, more: Partial<AuthorizationCheck>): CheckValue {
    return new CheckValue(typeName, this.binding, { ...this.check, ...more });
  }
  equals(other: OpaqueValue): boolean {
    return this === other;
  }
}

class DecisionValue extends OpaqueValue {
  readonly typeName = DECISION;
  readonly decision: AuthorizationDecision;
  constructor(decision: AuthorizationDecision) {
    super();
    this.decision = decision;
  }
  equals(other: OpaqueValue): boolean {
    return this === other;
  }
}

const NOTHING: AuthorizationCheck = {
  user: "request",
  verb: "",
  group: "",
  resource: "",
  subresource: "",
  namespace: "",
  name: "",
};

/** The values of the variables `authorizer` and `authorizer.requestResource`. */
export const authorizerValue = (binding: AuthorizerBinding): OpaqueValue =>
  new CheckValue(AUTHORIZER, binding, NOTHING);
export const requestResourceValue = (binding: AuthorizerBinding): OpaqueValue =>
  new CheckValue(RESOURCE, binding, { ...NOTHING, ...binding.requestResource });

/** Upstream's price of one check: few fit into an expression's limit. */
const CHECK_COST = 350_000;

/** Kubernetes' authorizer. */
export function authorizer(): readonly Overload[] {
  const fixed: OverloadOptions = { cost: () => CHECK_COST, estimate: () => ({ cost: CHECK_COST }) };
  const step =
    (typeName: TypeName, field: keyof AuthorizationCheck) =>
    (value: CheckValue, text: string): CheckValue =>
      value.with(typeName, { [field]: text });
  const serviceAccount = (value: CheckValue, namespace: string, name: string): CheckValue =>
    value.with(AUTHORIZER, { user: { namespace, serviceAccount: name } });
  return [
    overload(`${AUTHORIZER}.path(string): ${PATH}`, (value: CheckValue, path: string) =>
      path === "" ? failure("path must not be empty") : value.with(PATH, { path }),
    ),
    overload(`${AUTHORIZER}.group(string): ${GROUP}`, step(GROUP, "group")),
    overload(`${AUTHORIZER}.serviceAccount(string, string): ${AUTHORIZER}`, serviceAccount),
    overload(`${GROUP}.resource(string): ${RESOURCE}`, (value: CheckValue, resource: string) =>
      resource === "" ? failure("resource must not be empty") : value.with(RESOURCE, { resource }),
    ),
    overload(`${RESOURCE}.subresource(string): ${RESOURCE}`, step(RESOURCE, "subresource")),
    overload(`${RESOURCE}.namespace(string): ${RESOURCE}`, step(RESOURCE, "namespace")),
    overload(`${RESOURCE}.name(string): ${RESOURCE}`, step(RESOURCE, "name")),
    overload(`${RESOURCE}.fieldSelector(string): ${RESOURCE}`, step(RESOURCE, "fieldSelector")),
    overload(`${RESOURCE}.labelSelector(string): ${RESOURCE}`, step(RESOURCE, "labelSelector")),
    overload(`${PATH}.check(string): ${DECISION}`, decide, fixed),
    overload(`${RESOURCE}.check(string): ${DECISION}`, decide, fixed),
    overload(`${DECISION}.allowed(): bool`, ({ decision }: DecisionValue) => decision.allowed),
    overload(`${DECISION}.reason(): string`, ({ decision }: DecisionValue) => decision.reason),
    overload(`${DECISION}.errored(): bool`, ({ decision }: DecisionValue) => decision.error !== undefined),
    overload(`${DECISION}.error(): string`, ({ decision }: DecisionValue) => decision.error ?? ""),
  ];
}

function decide({ binding, check }: CheckValue, verb: string): DecisionValue | Failure {
  const decision = binding.decide({ ...check, verb });
  return decision === undefined ? failure("the authorizer has not answered yet") : new DecisionValue(decision);
}
