import { selectsNode } from "#pkg/api/core/node-selection.ts";
import { tolerates } from "#pkg/api/core/tolerations.ts";
import type { Node, Pod, PodSpec, PodTemplateSpec, Toleration } from "#pkg/api/types/core-v1.ts";

const exists = (key: string, effect: string): Toleration => ({
  key: `node.kubernetes.io/${key}`,
  operator: "Exists",
  effect,
});

/** Daemon pods stay where other pods would go, for they serve the node itself. */
const DAEMON_TOLERATIONS: readonly Toleration[] = [
  exists("not-ready", "NoExecute"),
  exists("unreachable", "NoExecute"),
  exists("disk-pressure", "NoSchedule"),
  exists("memory-pressure", "NoSchedule"),
  exists("pid-pressure", "NoSchedule"),
  exists("unschedulable", "NoSchedule"),
];

/** The template as it runs on one node: bound to it by node affinity, so that the scheduler places it there or nowhere. */
export function templateForNode(template: PodTemplateSpec, node: string): PodTemplateSpec {
  const spec = template.spec;
  if (spec === undefined) return template;
  const onNode = { matchFields: [{ key: "metadata.name", operator: "In", values: [node] }] };
  const nodeAffinity = {
    ...spec.affinity?.nodeAffinity,
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [onNode] },
  };
  return {
    ...template,
    spec: { ...spec, affinity: { ...spec.affinity, nodeAffinity }, tolerations: tolerationsOf(spec) },
  };
}

function tolerationsOf(spec: PodSpec): readonly Toleration[] {
  const own = spec.tolerations ?? [];
  const wanted =
    spec.hostNetwork === true
      ? [...DAEMON_TOLERATIONS, exists("network-unavailable", "NoSchedule")]
      : DAEMON_TOLERATIONS;
  const has = (t: Toleration): boolean =>
    own.some((o) => o.key === t.key && o.operator === t.operator && o.effect === t.effect && o.value === undefined);
  return [...own, ...wanted.filter((t) => !has(t))];
}

/** Whether a daemon pod of the template belongs on the node, and whether one that is there may stay. */
export function nodeFit(template: PodTemplateSpec, node: Node): { readonly run: boolean; readonly stay: boolean } {
  const spec = template.spec;
  if (spec === undefined) return { run: false, stay: false };
  const named = spec.nodeName === undefined || spec.nodeName === "" || spec.nodeName === node.metadata.name;
  if (!named || !selectsNode(spec, node)) return { run: false, stay: false };
  const tolerations = tolerationsOf(spec);
  const untolerated = (node.spec.taints ?? []).filter(
    (taint) => taint.effect !== "PreferNoSchedule" && !tolerations.some((t) => tolerates(t, taint)),
  );
  return { run: untolerated.length === 0, stay: untolerated.every((taint) => taint.effect !== "NoExecute") };
}

/** The node a daemon pod is on or meant for. */
export function targetNode(pod: Pod): string | undefined {
  if (pod.spec.nodeName !== undefined && pod.spec.nodeName !== "") return pod.spec.nodeName;
  const terms = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  for (const term of terms ?? []) {
    const field = term.matchFields?.find((f) => f.key === "metadata.name" && f.operator === "In");
    if (field?.values?.length === 1) return field.values[0];
  }
  return undefined;
}
