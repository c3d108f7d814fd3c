import type { Mutable } from "#pkg/api/resource-ref.ts";
import type { Pod } from "#pkg/api/types/core-v1.ts";
import type { PriorityClass } from "#pkg/api/types/scheduling-v1.ts";
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader } from "../../types.ts";
import { concerns, refusal } from "./attributes.ts";

const CLASSES = "scheduling.k8s.io/priorityclasses";

/** Turns priorityClassName into the number the scheduler compares; keeps at most one default class. */
export class Priority implements AdmissionPlugin {
  readonly name = "Priority";
  readonly resources = ["pods", CLASSES];
  readonly #reader: ObjectReader;

  constructor(parts: { readonly reader: ObjectReader }) {
    this.#reader = parts.reader;
  }

  async admit(attributes: AdmissionAttributes): Promise<void> {
    if (concerns(attributes, "pods", ["CREATE"])) this.#setPriority(attributes, attributes.object as Mutable<Pod>);
    else if (concerns(attributes, "pods", ["UPDATE"])) {
      const spec = (attributes.object as Mutable<Pod>).spec;
      const old = (attributes.old as Pod).spec;
      if (spec === undefined) return;
      if (old?.priority !== undefined) spec.priority ??= old.priority;
      if (old?.preemptionPolicy !== undefined) spec.preemptionPolicy ??= old.preemptionPolicy;
    }
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    if (!concerns(attributes, CLASSES, ["CREATE", "UPDATE"])) return;
    const given = attributes.object as PriorityClass;
    if (given.globalDefault !== true) return;
    const other = this.#default();
    if (other !== undefined && other.metadata.name !== given.metadata.name) {
      throw refusal(
        attributes,
        `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`,
      );
    }
  }

  #setPriority(attributes: AdmissionAttributes, pod: Mutable<Pod>): void {
    const spec = pod.spec;
    if (spec === undefined) return;
    const name = spec.priorityClassName ?? "";
    const found = name === "" ? this.#default() : this.#get(name);
    if (name !== "" && found === undefined) {
      throw refusal(attributes, `no PriorityClass with name ${name} was found`);
    }
    if (found !== undefined) spec.priorityClassName = found.metadata.name;
    const priority = found?.value ?? 0;
    const policy = found?.preemptionPolicy ?? "PreemptLowerPriority";
    if (spec.priority !== undefined && spec.priority !== priority) {
      throw refusal(
        attributes,
        `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${priority} from the given PriorityClass name`,
      );
    }
    if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy) {
      throw refusal(
        attributes,
        `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
      );
    }
    spec.priority = priority;
    spec.preemptionPolicy = policy;
  }

  #get(name: string): PriorityClass | undefined {
    return this.#reader.get(CLASSES, "", name) as PriorityClass | undefined;
  }

  /** Two servers may each have let one in: the lower one counts. */
  #default(): PriorityClass | undefined {
    const defaults = (this.#reader.list(CLASSES) as readonly PriorityClass[]).filter((c) => c.globalDefault === true);
    return defaults.toSorted((a, b) => (a.value ?? 0) - (b.value ?? 0))[0];
  }
}
