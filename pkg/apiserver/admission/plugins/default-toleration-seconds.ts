import type { Mutable } from "#pkg/api/resource-ref.ts";
import type { Pod, Toleration } from "#pkg/api/types/core-v1.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "../../types.ts";
import { concerns } from "./attributes.ts";

const SECONDS = 300;
const TAINTS = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

/** Pods stay five minutes on a node that is lost, unless they say otherwise. */
export class DefaultTolerationSeconds implements AdmissionPlugin {
  readonly name = "DefaultTolerationSeconds";
  readonly resources = ["pods"];

  async admit(attributes: AdmissionAttributes): Promise<void> {
    if (!concerns(attributes, "pods", ["CREATE", "UPDATE"])) return;
    const spec = (attributes.object as Mutable<Pod>).spec;
    if (spec === undefined) return;
    for (const key of TAINTS) {
      if (spec.tolerations?.some((t) => concernsTaint(t, key)) === true) continue;
      (spec.tolerations ??= []).push({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: SECONDS });
    }
  }
}

const concernsTaint = (toleration: Toleration, key: string): boolean =>
  ((toleration.key ?? "") === key || (toleration.key ?? "") === "") &&
  ((toleration.effect ?? "") === "" || toleration.effect === "NoExecute");
