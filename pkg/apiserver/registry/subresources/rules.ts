/** Subresources whose body is the object itself and of which only a part is taken. */
import { validateEphemeralContainersUpdate } from "#pkg/api/core/ephemeral-containers-update.ts";
import { validateNamespaceFinalizers } from "#pkg/api/core/namespace.ts";
import { resizedSpec, validatePodResize } from "#pkg/api/core/pod-resize-validation.ts";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import type { CertificateSigningRequest } from "#pkg/api/types/certificates-v1.ts";
import type { Namespace, Pod } from "#pkg/api/types/core-v1.ts";
import { fieldError } from "#pkg/errors/index.ts";
import type { SubresourceRules } from "../guaranteed-update.ts";
import type { Obj } from "../services.ts";

/** namespaces/NAME/finalize changes spec.finalizers. */
export const finalizeRules: SubresourceRules = {
  prepare(object, old) {
    const { finalizers } = (object["spec"] ?? {}) as { finalizers?: readonly string[] };
    restore(object, old);
    object["spec"] = { ...object["spec"], finalizers: finalizers ?? [] };
  },
  validate: (object) => validateNamespaceFinalizers(object as unknown as Namespace),
};

/** pods/NAME/ephemeralcontainers adds to spec.ephemeralContainers. */
export const ephemeralContainersRules: SubresourceRules = {
  generation: true,
  prepare(object, old) {
    const { ephemeralContainers } = (object["spec"] ?? {}) as Partial<Pod["spec"]>;
    restore(object, old);
    const { ephemeralContainers: _, ...rest } = object["spec"];
    object["spec"] = { ...rest, ...(ephemeralContainers === undefined ? {} : { ephemeralContainers }) };
  },
  validate: (object, old) => validateEphemeralContainersUpdate(object as unknown as Pod, old as Pod),
};

/** pods/NAME/resize changes containers' resources and resizePolicy. */
export const resizeRules: SubresourceRules = {
  generation: true,
  prepare(object, old) {
    const asked = object["spec"] as Pod["spec"] | undefined;
    restore(object, old);
    object["spec"] = resizedSpec(asked, object["spec"]);
  },
  validate: (object, old) => validatePodResize(object as unknown as Pod, old as Pod),
};

/** certificatesigningrequests/NAME/approval changes status.conditions. */
export const approvalRules: SubresourceRules = {
  prepare(object, old) {
    const { conditions } = (object["status"] ?? {}) as NonNullable<CertificateSigningRequest["status"]>;
    restore(object, old);
    const now = `${new Date().toISOString().slice(0, 19)}Z`;
    const stamped = (conditions ?? []).map((each) => ({
      ...each,
      lastUpdateTime: each.lastUpdateTime ?? now,
      lastTransitionTime: each.lastTransitionTime ?? now,
    }));
    object["status"] = { ...object["status"], ...(stamped.length === 0 ? {} : { conditions: stamped }) };
  },
  validate(object) {
    const { conditions = [] } = (object["status"] ?? {}) as NonNullable<CertificateSigningRequest["status"]>;
    const types = new Set(conditions.map((each) => each.type));
    return types.has("Approved") && types.has("Denied")
      ? [fieldError.invalid("status.conditions", "Denied", "Approved and Denied conditions are mutually exclusive")]
      : [];
  },
};

/** Everything but metadata as it was; the parts are copied, since what follows may change them. */
function restore(object: Obj, old: KubeObject): void {
  for (const key of Object.keys(object)) if (key !== "metadata") delete object[key];
  for (const [key, value] of Object.entries(old)) if (key !== "metadata") object[key] = structuredClone(value);
}
