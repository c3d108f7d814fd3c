/**
 * The contract of pkg/cel: the Common Expression Language as Kubernetes v1.36 uses it.
 *
 *   schema ─▶ CelType ─▶ CelEnvironment.compile ─▶ Compiled ─▶ evaluate(compiled, bindings, limits) ─▶ value or error
 *                                                     └─▶ estimateCost(compiled)
 *
 *   new CelEnvironment({ variables }).compile(expression, { returns: celTypes.bool }): Compiled | CompileError
 *   evaluate(compiled, { self, oldSelf }, { costLimit, budget }): EvaluateResult      bindings are JSON by variable name
 *   estimateCost(compiled): number                                                    for one evaluation
 *   schemaType(schema, definitions, { root, name }): CelType | undefined              structural schema to type
 *   toJson(value): unknown                                                            what came out, as JSON
 *
 * Types are data. Values that go in are plain JSON, read by the declared type of their variable: an integer field is an
 * int, a `date-time` string a timestamp. What comes out is made JSON again by `toJson`.
 */

/** A type of CEL. `maxElements` bounds a size for cost estimates: code points of a string, items, entries, bytes. */
export type CelType = SimpleType | ListType | MapType | ObjectType | OpaqueType | TypeOfType | TypeParameter;

export interface SimpleType {
  readonly kind:
    | "dyn"
    | "bool"
    | "int"
    | "uint"
    | "double"
    | "string"
    | "bytes"
    | "null"
    | "timestamp"
    | "duration"
    | "error";
  readonly maxElements?: number;
}
export interface ListType {
  readonly kind: "list";
  readonly element: CelType;
  readonly maxElements?: number;
  /** Equality and `+` of sets and maps by key follow x-kubernetes-list-type. */
  readonly listType?: "set" | "map";
  readonly mapKeys?: readonly string[];
}
export interface MapType {
  readonly kind: "map";
  readonly key: CelType;
  readonly value: CelType;
  readonly maxElements?: number;
}
/** An object with declared fields, by their escaped names (`__dash__` and so on). */
export interface ObjectType {
  readonly kind: "object";
  readonly name: string;
  readonly field: (escapedName: string) => ObjectField | undefined;
  /** Escaped names of all fields, where they are known. */
  readonly names?: () => readonly string[];
}
export interface ObjectField {
  /** The property in JSON. */
  readonly property: string;
  readonly type: CelType;
}
/** `optional_type(T)` and the types of libraries (`kubernetes.Quantity`). */
export interface OpaqueType {
  readonly kind: "opaque";
  readonly name: string;
  readonly parameters: readonly CelType[];
}
export interface TypeOfType {
  readonly kind: "type";
  readonly of: CelType;
}
export interface TypeParameter {
  readonly kind: "param";
  readonly name: string;
}

export interface CelEnvironmentOptions {
  /** By name; each is declared with its type. */
  readonly variables: Readonly<Record<string, CelType>>;
  /** Types that may be constructed by name (`Object.spec{…}`), besides the values' own. */
  readonly constructible?: (name: string) => ObjectType | undefined;
  /** Whether there is `cel.bind(name, value, expression)`. */
  readonly bindings?: boolean;
}

export interface CompileOptions {
  /** What the expression must evaluate to, or one of several; anything when absent. */
  readonly returns?: CelType | readonly CelType[];
}

/** An expression that passed the checker; made by `CelEnvironment.compile`, opaque to callers. */
export interface Compiled {
  readonly error?: undefined;
  readonly expression: string;
  readonly type: CelType;
  /** Names of the variables the expression uses. */
  readonly uses: ReadonlySet<string>;
}
/** `error` is upstream's text: "compilation failed: ERROR: <input>:1:6: …" or "must evaluate to bool but got int". */
export interface CompileError {
  readonly error: string;
  readonly expression: string;
}

/** Cost units left for many evaluations together, such as all rules on one object. */
export interface CostBudget {
  remaining: number;
}
/** Upstream's limits of one evaluation and of all evaluations for one object, in cost units. */
export const PER_CALL_COST_LIMIT = 1_000_000;
export const OBJECT_COST_BUDGET = 10_000_000;
/** Upstream's limits of estimates for one rule and for all rules of a CustomResourceDefinition. */
export const STATIC_RULE_COST_LIMIT = 10_000_000;
export const STATIC_CRD_COST_LIMIT = 100_000_000;

export interface EvaluateOptions {
  /** Of this evaluation; PER_CALL_COST_LIMIT when absent. */
  readonly costLimit?: number;
  /** What this evaluation cost is taken off; with less left than it costs, the result is "budget". */
  readonly budget?: CostBudget;
}
export type EvaluateResult =
  | { readonly value: CelValue; readonly cost: number; readonly error?: undefined }
  | {
      /** The expression's own error ("no such key: x", "division by zero"), or upstream's words about a cost. */
      readonly error: string;
      readonly reason: "error" | "call-cost" | "budget";
      readonly cost: number;
    };

/** A value of CEL; booleans and strings are JavaScript's, ints bigint, others opaque to callers (see `toJson`); undefined is no value. */
export type CelValue = undefined | null | boolean | bigint | number | string | object;

/** A question to the authorizer, built by `authorizer.group("g").resource("r")…check("verb")`. */
export interface AuthorizationCheck {
  readonly user: "request" | { readonly namespace: string; readonly serviceAccount: string };
  readonly verb: string;
  readonly path?: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
}
export interface AuthorizationDecision {
  readonly allowed: boolean;
  readonly reason: string;
  readonly error?: string;
}
/**
 * Binding of a variable of type `celTypes.authorizer`. Evaluation is synchronous: a check whose decision is not known yet
 * answers undefined and notes the question; the caller finds the decisions and evaluates again.
 */
export interface AuthorizerBinding {
  decide(check: AuthorizationCheck): AuthorizationDecision | undefined;
  /** What `authorizer.requestResource` is, where the request is for one. */
  readonly requestResource?: Pick<AuthorizationCheck, "group" | "resource" | "subresource" | "namespace" | "name">;
}
