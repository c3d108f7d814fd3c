/** Subresources whose body is the object itself and of which only a part is taken. */
import { validateConditions } from "#pkg/api/certificates/certificate-signing-request.ts";
import { validateEphemeralContainersUpdate } from "#pkg/api/core/ephemeral-containers-update.ts";
import { validateNamespaceFinalizers } from "#pkg/api/core/namespace.ts";
import { resizedSpec, validatePodResize } from "#pkg/api/core/pod-resize-validation.ts";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import { keepMetadata } from "#pkg/api/status-hooks.ts";
import type { CertificateSigningRequest } from "#pkg/api/types/certificates-v1.ts";
import type { Namespace, Pod } from "#pkg/api/types/core-v1.ts";
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
    keepMetadata(object, old);
    object["spec"] = resizedSpec(asked, object["spec"]);
  },
  validate: (object, old) => validatePodResize(object as unknown as Pod, old as Pod),
};

/** certificatesigningrequests/NAME/approval changes status.conditions: who may decide adds Approved or Denied. */
export const approvalRules: SubresourceRules = {
  prepare(object, old) {
    const { conditions } = (object["status"] ?? {}) as NonNullable<CertificateSigningRequest["status"]>;
    restore(object, old);
    keepMetadata(object, old);
    const now = `${new Date().toISOString().slice(0, 19)}Z`;
    const before = (old as CertificateSigningRequest).status?.conditions ?? [];
    const stamped = (conditions ?? []).map((each) => ({
      ...each,
      status: each.status || "True",
      lastUpdateTime: each.lastUpdateTime ?? now,
      lastTransitionTime:
        each.lastTransitionTime ?? before.find(({ type }) => type === each.type)?.lastTransitionTime ?? now,
    }));
    const { conditions: _, ...rest } = (object["status"] ?? {}) as Record<string, unknown>;
    object["status"] = { ...rest, ...(stamped.length === 0 ? {} : { conditions: stamped }) };
  },
  validate: (object, old) =>
    validateConditions(object as unknown as CertificateSigningRequest, old as CertificateSigningRequest, {
      adds: ["Approved", "Denied"],
    }),
};

/** Everything but metadata as it was; the parts are copied, since what follows may change them. */
function restore(object: Obj, old: KubeObject): void {
  for (const key of Object.keys(object)) if (key !== "metadata") delete object[key];
  for (const [key, value] of Object.entries(old)) if (key !== "metadata") object[key] = structuredClone(value);
}
