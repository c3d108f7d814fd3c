import type { ResourceDefinition } from "#pkg/api/definition.ts";
import { selectorOf } from "#pkg/api/labels.ts";
import { apiVersionOf, type KubeObject } from "#pkg/api/resource-ref.ts";
import type { ParamKind, ParamRef } from "#pkg/api/types/admissionregistration-v1.ts";
import type { Param, PolicyParts } from "./types.ts";

/** A policy or binding that cannot be used as it is; what that means is for failurePolicy to say. */
export class PolicyConfigurationError extends Error {
  readonly code = "POLICY_CONFIGURATION";
  /** Whether the policy itself is wrong, whatever binds it. */
  readonly ofPolicy: boolean;
  constructor(message: string, ofPolicy = false) {
    super(message);
    this.ofPolicy = ofPolicy;
  }
}

/** The resource that parameters of a policy are of. @throws PolicyConfigurationError when there is none */
export function paramDefinition(parts: PolicyParts, kind: ParamKind | undefined): ResourceDefinition | undefined {
  if (kind === undefined) return undefined;
  const found = parts.resources
    .all()
    .find((each) => each.kind === kind.kind && apiVersionOf(each) === kind.apiVersion && each.verbs.includes("list"));
  if (found !== undefined) return found;
  const shown = `${kind.apiVersion?.includes("/") === true ? "" : "/"}${kind.apiVersion}, Kind=${kind.kind}`;
  throw new PolicyConfigurationError(`failed to find resource referenced by paramKind: '${shown}'`, true);
}

/** The objects a binding evaluates its policy with, each by itself. @throws PolicyConfigurationError */
export async function collectParams(
  parts: PolicyParts,
  definition: ResourceDefinition | undefined,
  ref: ParamRef | undefined,
  requestNamespace: string,
): Promise<readonly Param[]> {
  // Without a kind a reference means nothing; without a reference the policy has no parameters.
  if (definition === undefined || ref === undefined) return [null];
  const wanted = ref.namespace ?? "";
  if (!definition.namespaced && wanted !== "")
    throw new PolicyConfigurationError("paramRef.namespace must not be provided for a cluster-scoped `paramKind`");
  const namespace = definition.namespaced ? (wanted === "" ? requestNamespace : wanted) : "";
  if (definition.namespaced && namespace === "")
    throw new PolicyConfigurationError(
      "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources",
    );
  const found = await Promise.all(select(parts, definition, ref, namespace).map((each) => inVersion(each, definition)));
  if (found.length === 0 && ref.parameterNotFoundAction === "Deny")
    throw new PolicyConfigurationError("no params found for policy binding with `Deny` parameterNotFoundAction");
  return found;
}

function select(
  { reader }: PolicyParts,
  { storage: { prefix } }: ResourceDefinition,
  ref: ParamRef,
  namespace: string,
): readonly KubeObject[] {
  if (ref.name !== undefined && ref.name !== "") {
    const one = reader.get(prefix, namespace, ref.name);
    return one === undefined ? [] : [one];
  }
  if (ref.selector === undefined) throw new PolicyConfigurationError("one of name or selector must be provided");
  const selector = selectorOf(ref.selector);
  return reader.list(prefix, namespace).filter((each) => selector.matches(each.metadata.labels));
}

/** The cache holds the stored version. */
async function inVersion(stored: KubeObject, definition: ResourceDefinition): Promise<KubeObject> {
  const { storage, kind } = definition;
  const apiVersion = apiVersionOf(definition);
  const [converted = stored] = storage.convert === undefined ? [] : await storage.convert([stored], apiVersion);
  return { ...(storage.fromStorage?.(converted) ?? converted), kind, apiVersion };
}
