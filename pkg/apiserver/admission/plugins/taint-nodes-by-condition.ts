import type { Mutable } from "#pkg/api/resource-ref.ts";
import type { Node } from "#pkg/api/types/core-v1.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "../../types.ts";
import { concerns } from "./attributes.ts";

const NOT_READY = "node.kubernetes.io/not-ready";

/** Nothing is scheduled onto a new node before its first heartbeat was seen. */
export class TaintNodesByCondition implements AdmissionPlugin {
  readonly name = "TaintNodesByCondition";
  readonly resources = ["nodes"];

  async admit(attributes: AdmissionAttributes): Promise<void> {
    if (!concerns(attributes, "nodes", ["CREATE"])) return;
    const spec = ((attributes.object as Mutable<Node>).spec ??= {});
    if (spec.taints?.some((t) => t.key === NOT_READY && t.effect === "NoSchedule") === true) return;
    (spec.taints ??= []).push({ key: NOT_READY, effect: "NoSchedule" });
  }
}
