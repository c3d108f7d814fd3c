/** What a default role or binding of an older version, or one that somebody took from, lacks at the server's start. */
import type { KubeObject, NewObject } from "#pkg/api/resource-ref.ts";
import type { ClusterRole, Role, RoleBinding, Subject } from "#pkg/api/types/rbac-v1.ts";
import { uncovered } from "../auth/index.ts";

const AUTOUPDATE = "rbac.authorization.kubernetes.io/autoupdate";
/**
 * The role with the labels, annotations and rules that it lacks; undefined when it lacks nothing, or its annotation
 * keeps it as it is. As upstream, rules are only added, and those of aggregated roles are left to their controller.
 */
export function completeRole<T extends ClusterRole | Role>(role: T, wanted: NewObject<T>): T | undefined {
  if (isKept(role)) return undefined;
  const rules = role.rules ?? [];
  const want = wanted as Pick<ClusterRole, "rules" | "aggregationRule">;
  const isAggregated = want.aggregationRule !== undefined;
  const missing = isAggregated ? [] : (want.rules ?? []).filter((rule) => uncovered(rules, [rule]).length > 0);
  const metadata = completeMetadata(role, wanted);
  if (missing.length === 0 && metadata === undefined) return undefined;
  return { ...role, metadata: metadata ?? role.metadata, rules: [...rules, ...missing] };
}

/** The binding with the subjects that it lacks. Its role cannot change: one that names another is left alone. */
export function completeBinding<T extends RoleBinding>(binding: T, wanted: NewObject<T>): T | undefined {
  const want = wanted as Pick<RoleBinding, "roleRef" | "subjects">;
  const { kind, name } = binding.roleRef;
  if (isKept(binding) || kind !== want.roleRef.kind || name !== want.roleRef.name) return undefined;
  const subjects = binding.subjects ?? [];
  const missing = (want.subjects ?? []).filter((subject) => !subjects.some((each) => isSame(each, subject)));
  const metadata = completeMetadata(binding, wanted);
  if (missing.length === 0 && metadata === undefined) return undefined;
  return { ...binding, metadata: metadata ?? binding.metadata, subjects: [...subjects, ...missing] };
}

const isKept = (object: KubeObject): boolean => object.metadata.annotations?.[AUTOUPDATE] === "false";

const isSame = (a: Subject, b: Subject): boolean =>
  a.kind === b.kind && a.name === b.name && (a.namespace ?? "") === (b.namespace ?? "");

function completeMetadata<T extends KubeObject>(object: T, wanted: NewObject<T>): T["metadata"] | undefined {
  const { labels = {}, annotations = {} } = (wanted as Pick<KubeObject, "metadata">).metadata;
  const { metadata } = object;
  const lacks = (has: Readonly<Record<string, string>> | undefined, all: Readonly<Record<string, string>>): boolean =>
    Object.entries(all).some(([key, value]) => has?.[key] !== value);
  if (!lacks(metadata.labels, labels) && !lacks(metadata.annotations, annotations)) return undefined;
  return {
    ...metadata,
    labels: { ...metadata.labels, ...labels },
    annotations: { ...metadata.annotations, ...annotations },
  };
}
