import type { Reply } from "../../types.ts";
import type { RegistryServices, Target } from "../services.ts";
import { bind } from "../subresources/binding.ts";
import { getComponent, listComponents } from "./component-status.ts";
import { reviewAccess, reviewRules, reviewSelf, reviewToken } from "./reviews.ts";

type Verbs = Readonly<Record<string, (services: RegistryServices, target: Target) => Reply | Promise<Reply>>>;

/** Resources without storage, by "plural" or "group/plural". */
const VIRTUAL: Readonly<Record<string, Verbs>> = {
  bindings: { create: bind },
  componentstatuses: { get: getComponent, list: listComponents },
  "authentication.k8s.io/tokenreviews": { create: reviewToken },
  "authentication.k8s.io/selfsubjectreviews": { create: reviewSelf },
  "authorization.k8s.io/subjectaccessreviews": { create: reviewAccess },
  "authorization.k8s.io/localsubjectaccessreviews": { create: reviewAccess },
  "authorization.k8s.io/selfsubjectaccessreviews": { create: reviewAccess },
  "authorization.k8s.io/selfsubjectrulesreviews": { create: reviewRules },
};

export function virtualVerbs(resource: string): Verbs | undefined {
  return VIRTUAL[resource];
}
