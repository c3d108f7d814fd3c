import type { Binding, Pod, PodCondition } from "#pkg/api/types/core-v1.ts";
import { badRequest, conflict, fieldError, invalid } from "#pkg/errors/index.ts";
import type { Reply } from "../../types.ts";
import { admitBody } from "../admission.ts";
import { guaranteedUpdate } from "../guaranteed-update.ts";
import { timestamp } from "../metadata.ts";
import { groupResource, type Obj, type RegistryServices, type Target } from "../services.ts";
import { readSubresource, SUCCESS } from "./body-of.ts";

const BINDING = { kind: "Binding", group: "", version: "v1", verbs: ["create"] };

/** POST pods/NAME/binding, and POST bindings, which names the pod in the body: puts a pod on a node. */
export async function bind(services: RegistryServices, target: Target): Promise<Reply> {
  const { object, options } = await readSubresource(services, target, BINDING);
  const binding = object as unknown as Binding;
  const name = target.name === "" ? (binding.metadata.name ?? "") : target.name;
  if (binding.metadata.name !== name) throw badRequest("name in URL does not match name in Binding object");
  validate(binding, name);
  const definition = services.resources.find("", "v1", "pods");
  if (definition === undefined) throw new Error("Pods are not served");
  await admitBody(services, target, object, options.dryRun);
  const podTarget: Target = { ...target, definition, cache: services.cache.resource("pods"), name };
  await guaranteedUpdate(services, podTarget, {
    dryRun: options.dryRun,
    subresource: "binding",
    make: (old) => assigned(old as Pod, withTopology(services, binding), timestamp(services.now()), podTarget),
    rules: {},
    admitted: true,
  });
  return { kind: "object", status: 201, object: SUCCESS };
}

function validate(binding: Binding, name: string): void {
  const { kind, name: node } = binding.target ?? {};
  const errors = [];
  if (kind !== undefined && kind !== "" && kind !== "Node")
    errors.push(fieldError.notSupported("target.kind", kind, ["Node", "<empty>"]));
  if (node === undefined || node === "") errors.push(fieldError.required("target.name"));
  if (errors.length > 0) throw invalid("", "Binding", name, errors);
}

const TOPOLOGY = ["topology.kubernetes.io/region", "topology.kubernetes.io/zone"];

/** A pod is told where its node is, as upstream's PodTopologyLabels admission does (KEP-4742). */
function withTopology(services: RegistryServices, binding: Binding): Binding {
  const node = services.cache.get("nodes", "", binding.target.name ?? "");
  const found = TOPOLOGY.flatMap((key) => {
    const value = node?.metadata.labels?.[key];
    return value === undefined ? [] : [[key, value] as const];
  });
  if (found.length === 0) return binding;
  const labels = { ...binding.metadata.labels, ...Object.fromEntries(found) };
  return { ...binding, metadata: { ...binding.metadata, labels } };
}

function assigned(pod: Pod, binding: Binding, now: string, target: Target): Obj {
  const refused = (why: string): Error => conflict({ group: "", plural: "pods/binding" }, target.name, why);
  const { uid, resourceVersion } = binding.metadata;
  if (uid !== undefined && uid !== "" && uid !== pod.metadata.uid)
    throw conflict(
      groupResource(target.definition),
      target.name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata.uid}`,
    );
  if (pod.metadata.deletionTimestamp !== undefined)
    throw refused(`pod ${target.name} is being deleted, cannot be assigned to a host`);
  if (pod.spec.nodeName !== undefined && pod.spec.nodeName !== "")
    throw refused(`pod ${target.name} is already assigned to node "${pod.spec.nodeName}"`);
  if ((pod.spec.schedulingGates ?? []).length > 0)
    throw refused(`pod ${target.name} has non-empty .spec.schedulingGates`);
  const condition: PodCondition = { type: "PodScheduled", status: "True", lastTransitionTime: now };
  const { resourceVersion: _resourceVersion, ...metadata } = pod.metadata;
  const annotations = { ...metadata.annotations, ...binding.metadata.annotations };
  const labels = { ...binding.metadata.labels, ...metadata.labels };
  return {
    ...pod,
    metadata: {
      ...metadata,
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    spec: { ...pod.spec, nodeName: binding.target.name },
    status: {
      ...pod.status,
      conditions: [...(pod.status?.conditions ?? []).filter((each) => each.type !== "PodScheduled"), condition],
    },
  } as unknown as Obj;
}
