import type { Reply } from "../../types.ts";
import { get } from "../get.ts";
import type { SubresourceRules } from "../guaranteed-update.ts";
import { patch } from "../patch.ts";
import type { RegistryServices, Target } from "../services.ts";
import { update } from "../update.ts";
import { bind } from "./binding.ts";
import { evict } from "./eviction.ts";
import { approvalRules, ephemeralContainersRules, finalizeRules, resizeRules } from "./rules.ts";
import { getScale, patchScale, updateScale } from "./scale.ts";
import { requestToken } from "./token.ts";

type Verbs = Readonly<Record<string, (services: RegistryServices, target: Target) => Reply | Promise<Reply>>>;

/** The verbs of a subresource whose body is the object itself. */
const partOf = (rules?: SubresourceRules): Verbs => ({
  get,
  update: (services, target) => update(services, target, rules),
  patch: (services, target) => patch(services, target, rules),
});

const SCALE: Verbs = { get: getScale, update: updateScale, patch: patchScale };

/** By "subresource" for every kind, or "resource/subresource" for one. What is missing here is a route (log, exec, proxy). */
const SUBRESOURCES: Readonly<Record<string, Verbs>> = {
  status: partOf(),
  scale: SCALE,
  "namespaces/finalize": partOf(finalizeRules),
  "pods/binding": { create: bind },
  "pods/eviction": { create: evict },
  "pods/ephemeralcontainers": partOf(ephemeralContainersRules),
  "pods/resize": partOf(resizeRules),
  "serviceaccounts/token": { create: requestToken },
  "certificates.k8s.io/certificatesigningrequests/approval": partOf(approvalRules),
};

export function subresourceVerbs(resource: string, subresource: string): Verbs | undefined {
  return SUBRESOURCES[`${resource}/${subresource}`] ?? SUBRESOURCES[subresource];
}
