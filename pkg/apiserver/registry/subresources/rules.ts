/** Subresources whose body is the object itself and of which only a part is taken. */
import { isDeepStrictEqual } from "node:util";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import type { CertificateSigningRequest } from "#pkg/api/types/certificates-v1.ts";
import type { Container, EphemeralContainer, Pod } from "#pkg/api/types/core-v1.ts";
import { type FieldError, fieldError } from "#pkg/errors/index.ts";
import type { SubresourceRules } from "../guaranteed-update.ts";
import type { Obj } from "../services.ts";

/** namespaces/NAME/finalize changes spec.finalizers. */
export const finalizeRules: SubresourceRules = {
  prepare(object, old) {
    const { finalizers } = (object["spec"] ?? {}) as { finalizers?: readonly string[] };
    restore(object, old);
    object["spec"] = { ...object["spec"], finalizers: finalizers ?? [] };
  },
};

/** pods/NAME/ephemeralcontainers adds to spec.ephemeralContainers. */
export const ephemeralContainersRules: SubresourceRules = {
  generation: true,
  prepare(object, old) {
    const { ephemeralContainers } = (object["spec"] ?? {}) as Pod["spec"];
    restore(object, old);
    object["spec"] = { ...object["spec"], ...(ephemeralContainers === undefined ? {} : { ephemeralContainers }) };
  },
  validate(object, old) {
    const now = ((object["spec"] as Pod["spec"]).ephemeralContainers ?? []) as readonly EphemeralContainer[];
    const errors: FieldError[] = [];
    const names = new Set(
      [...(object["spec"].containers ?? []), ...(object["spec"].initContainers ?? [])].map(
        (each: Container) => each.name,
      ),
    );
    for (const was of (old as Pod).spec.ephemeralContainers ?? []) {
      const same = now.find((each) => each.name === was.name);
      if (same === undefined || !isDeepStrictEqual(same, was))
        errors.push(
          fieldError.forbidden(
            "spec.ephemeralContainers",
            `existing ephemeral containers "${was.name}" may not be ${same === undefined ? "removed" : "changed"}\n`,
          ),
        );
    }
    now.forEach((each, i) => {
      const at = `spec.ephemeralContainers[${i}]`;
      if (!each.name) errors.push(fieldError.required(`${at}.name`));
      else if (names.has(each.name)) errors.push(fieldError.duplicate(`${at}.name`, each.name));
      names.add(each.name);
      if (!each.image) errors.push(fieldError.required(`${at}.image`));
    });
    return errors;
  },
};

/** pods/NAME/resize changes containers' resources and resizePolicy. */
export const resizeRules: SubresourceRules = {
  generation: true,
  prepare(object, old) {
    const wanted = object["spec"] as Pod["spec"] | undefined;
    restore(object, old);
    const resized = (now: readonly Container[] | undefined, asked: readonly Container[] | undefined) =>
      now?.map((container) => {
        const other = asked?.find((each) => each.name === container.name);
        const { resources: _resources, resizePolicy: _policy, ...rest } = container;
        return other === undefined
          ? container
          : {
              ...rest,
              ...(other.resources === undefined ? {} : { resources: other.resources }),
              ...(other.resizePolicy === undefined ? {} : { resizePolicy: other.resizePolicy }),
            };
      });
    const { spec } = old as Pod;
    object["spec"] = {
      ...object["spec"],
      containers: resized(spec.containers, wanted?.containers),
      ...(spec.initContainers === undefined
        ? {}
        : { initContainers: resized(spec.initContainers, wanted?.initContainers) }),
    };
  },
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
