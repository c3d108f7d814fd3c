// The expressions of policies and match conditions: what they may speak of, and their compiled form. Imported lazily, as CEL
// takes time to load.
import {
  CelEnvironment,
  celTypes,
  type CelType,
  type Compiled,
  type CompileError,
  type ObjectType,
} from "#pkg/cel/index.ts";
import type { Variable } from "../types/admissionregistration-v1.ts";

const { string, bool, dyn, list, map, object } = celTypes;
const kind = object("kubernetes.GroupVersionKind", { group: string, version: string, kind: string });
const resource = object("kubernetes.GroupVersionResource", { group: string, version: string, resource: string });
const userInfo = object("kubernetes.UserInfo", {
  username: string,
  uid: string,
  groups: list(string),
  extra: map(string, list(string)),
});
/** AdmissionReview's request without its objects. */
const request = object("kubernetes.AdmissionRequest", {
  kind,
  resource,
  subResource: string,
  requestKind: kind,
  requestResource: resource,
  requestSubResource: string,
  name: string,
  namespace: string,
  operation: string,
  userInfo,
  dryRun: bool,
  options: dyn,
});
const namespaceObject = object("kubernetes.Namespace", {
  metadata: object("kubernetes.NamespaceMetadata", {
    name: string,
    generateName: string,
    namespace: string,
    labels: map(string, string),
    annotations: map(string, string),
    UID: string,
    creationTimestamp: celTypes.timestamp,
    deletionGracePeriodSeconds: celTypes.int,
    deletionTimestamp: celTypes.timestamp,
    generation: celTypes.int,
    resourceVersion: string,
    finalizers: list(string),
  }),
  spec: object("kubernetes.NamespaceSpec", { finalizers: list(string) }),
  status: object("kubernetes.NamespaceStatus", {
    phase: string,
    conditions: list(
      object("kubernetes.NamespaceCondition", {
        status: string,
        type: string,
        lastTransitionTime: celTypes.timestamp,
        message: string,
        reason: string,
      }),
    ),
  }),
});

export const JSON_PATCH: ObjectType = object("JSONPatch", { op: string, path: string, from: string, value: dyn });
export const APPLY_CONFIGURATION: ObjectType = dynamicObject("Object");

/** `Object.spec{…}`: any field, of any type; whether type names fit the fields is seen when the object is merged. */
function dynamicObject(name: string): ObjectType {
  return { kind: "object", name, field: (property) => ({ property, type: dyn }) };
}
const constructible = (name: string): ObjectType | undefined => {
  if (name === "JSONPatch") return JSON_PATCH;
  return name === "Object" || name.startsWith("Object.") ? dynamicObject(name) : undefined;
};

export interface ExpressionOptions {
  readonly params: boolean;
  readonly authorizer: boolean;
  /** May construct JSONPatch and Object. */
  readonly mutation?: boolean;
  /** dyn where absent; the checker of policies' types knows better. */
  readonly objectType?: CelType;
  readonly paramsType?: CelType;
}

function environmentOf(options: ExpressionOptions): CelEnvironment {
  const objectType = options.objectType ?? dyn;
  return new CelEnvironment({
    variables: {
      object: objectType,
      oldObject: objectType,
      request,
      namespaceObject,
      ...(options.params ? { params: options.paramsType ?? dyn } : {}),
      ...(options.authorizer
        ? { authorizer: celTypes.authorizer, "authorizer.requestResource": celTypes.resourceCheck }
        : {}),
    },
    ...(options.mutation === true ? { constructible } : {}),
  });
}

/** Compiles the expressions of one object: each variable is known to those that follow it. */
export class ExpressionCompiler {
  readonly variables = new Map<string, Compiled | CompileError>();
  readonly #options: ExpressionOptions;
  readonly #types: Record<string, CelType> = {};

  constructor(options: ExpressionOptions) {
    this.#options = options;
  }

  addVariable({ name, expression }: Variable): Compiled | CompileError {
    const compiled = this.compile(expression, undefined);
    this.variables.set(name, compiled);
    Object.defineProperty(this.#types, name, {
      value: compiled.error === undefined ? compiled.type : dyn,
      enumerable: true,
      configurable: true,
    });
    return compiled;
  }

  compile(
    expression: string,
    returns: CelType | readonly CelType[] | undefined,
    options: ExpressionOptions = this.#options,
  ): Compiled | CompileError {
    let environment = environmentOf(options);
    if (this.variables.size > 0)
      environment = environment.extend({ variables: object("kubernetes.variables", this.#types) });
    return environment.compile(expression, returns === undefined ? {} : { returns });
  }
}

export const BOOL = bool;
export const STRING = string;
/** Of audit annotations: null leaves it out. */
export const STRING_OR_NULL: readonly CelType[] = [string, celTypes.null];
export const PATCHES: CelType = list(JSON_PATCH);
