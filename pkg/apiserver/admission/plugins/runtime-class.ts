import { semanticEqual } from "#pkg/api/index.ts";
import type { Mutable } from "#pkg/api/resource-ref.ts";
import type { Pod } from "#pkg/api/types/core-v1.ts";
import type { RuntimeClass as Class } from "#pkg/api/types/node-v1.ts";
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader } from "../../types.ts";
import { concerns, refusal } from "./attributes.ts";

/** What a pod's runtime class costs and where it can run becomes part of the pod (KEP-688). */
export class RuntimeClass implements AdmissionPlugin {
  readonly name = "RuntimeClass";
  readonly resources = ["pods"];
  readonly #reader: ObjectReader;

  constructor(parts: { readonly reader: ObjectReader }) {
    this.#reader = parts.reader;
  }

  async admit(attributes: AdmissionAttributes): Promise<void> {
    if (!concerns(attributes, "pods", ["CREATE"])) return;
    const spec = (attributes.object as Mutable<Pod>).spec;
    if (spec === undefined) return;
    if (spec.runtimeClassName === undefined) {
      if (spec.overhead === undefined) return;
      throw refusal(attributes, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead");
    }
    const name = spec.runtimeClassName;
    const found = this.#reader.get("node.k8s.io/runtimeclasses", "", name) as Class | undefined;
    if (found === undefined) throw refusal(attributes, `pod rejected: RuntimeClass "${name}" not found`);
    const fixed = found.overhead?.podFixed;
    if (spec.overhead !== undefined && !semanticEqual(spec.overhead, fixed)) {
      const why = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";
      throw refusal(attributes, why);
    }
    if (fixed !== undefined) spec.overhead = { ...fixed };
    for (const [key, value] of Object.entries(found.scheduling?.nodeSelector ?? {})) {
      const own = spec.nodeSelector?.[key];
      if (own !== undefined && own !== value) {
        const why = `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`;
        throw refusal(attributes, why);
      }
      spec.nodeSelector = { ...spec.nodeSelector, [key]: value };
    }
    for (const toleration of found.scheduling?.tolerations ?? []) {
      if (spec.tolerations?.some((t) => semanticEqual(t, toleration)) !== true) {
        (spec.tolerations ??= []).push({ ...toleration });
      }
    }
  }
}
