import type { ResourceDefinition } from "#pkg/api/definition.ts";
import type { Selector } from "#pkg/api/labels.ts";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import { notFound } from "#pkg/errors/index.ts";
import type { AdmissionAttributes, Authorizer, GroupVersionKind, ObjectReader, ResourceTable } from "../../types.ts";
import { type RuleTarget, ruleMatches, ruleMatchesName } from "./rule-matches.ts";
import type { Invocation, Matchable, Place, Webhook } from "./types.ts";

export interface WebhookParts {
  readonly reader: ObjectReader;
  readonly resources: ResourceTable;
  readonly authorizer: Authorizer;
}

/** Objects that no webhook can keep from being mended. */
const EXEMPT = new Set([
  "mutatingwebhookconfigurations",
  "validatingwebhookconfigurations",
  "validatingadmissionpolicies",
  "validatingadmissionpolicybindings",
  "mutatingadmissionpolicies",
  "mutatingadmissionpolicybindings",
]);

export function isExempt({ info }: AdmissionAttributes): boolean {
  return info.group === "admissionregistration.k8s.io" && EXEMPT.has(info.resource);
}

/** How a webhook is to be called for a request; undefined when it is not about it. @throws 404 for a missing namespace */
export function invocationOf(
  parts: WebhookParts,
  webhook: Webhook,
  attributes: AdmissionAttributes,
): Invocation | undefined {
  const place = placeOf(parts, webhook, attributes);
  return place === undefined ? undefined : { ...place, webhook };
}

/** As what something that is matched sees a request; undefined when it is not about it. @throws 404 for a missing namespace */
export function placeOf(
  parts: Pick<WebhookParts, "reader" | "resources">,
  matchable: Matchable,
  attributes: AdmissionAttributes,
): Place | undefined {
  if (!objectMatches(matchable.objectSelector, attributes)) return undefined;
  const inNamespace = namespaceMatches(parts.reader, matchable.namespaceSelector, attributes);
  if (inNamespace === false) return undefined;
  const found = placeByRules(parts.resources, matchable, attributes);
  // A namespace that is not there only matters to webhooks that are about the request.
  if (found !== undefined && inNamespace === "missing")
    throw notFound({ group: "", plural: "namespaces" }, attributes.info.namespace);
  return found;
}

/** By rules alone. */
export function placeByRules(
  resources: ResourceTable,
  matchable: Pick<Matchable, "rules" | "matchPolicy">,
  attributes: AdmissionAttributes,
): Place | undefined {
  const { info, kind, definition } = attributes;
  const target: RuleTarget = { ...info, operation: attributes.operation };
  const { group, version, resource } = info;
  if (matchable.rules.some((rule) => ruleMatches(rule, target)))
    return { resource: { group, version, resource }, kind, definition: undefined };
  if (matchable.matchPolicy === "Exact") return undefined;
  // Forms of one thing have one name: most requests need no look at all that is served.
  const rules = matchable.rules.filter((rule) => ruleMatchesName(rule, target));
  if (rules.length === 0) return undefined;
  const equivalents = resources.all().filter((each) => each !== definition && isEquivalent(each, definition));
  for (const rule of rules) {
    for (const other of equivalents) {
      const place = { group: other.group, version: other.version, resource: other.plural };
      if (!ruleMatches(rule, { ...target, ...place })) continue;
      const isOwn = kind.kind === definition.kind;
      return { resource: place, kind: isOwn ? kindOf(other) : kind, definition: isOwn ? other : undefined };
    }
  }
  return undefined;
}

const kindOf = ({ group, version, kind }: ResourceDefinition): GroupVersionKind => ({ group, version, kind });

/** Two forms of what is stored once. */
const isEquivalent = (a: ResourceDefinition, b: ResourceDefinition): boolean =>
  a.plural === b.plural && a.storage.prefix === b.storage.prefix;

function objectMatches(selector: Selector, { object, old }: AdmissionAttributes): boolean {
  if (selector.empty) return true;
  return [object, old].some(
    (each) => each !== undefined && selector.matches((each as Partial<KubeObject>).metadata?.labels),
  );
}

/** Cluster-scoped objects are never excluded by it; a Namespace is matched by its own labels, as they will be. */
function namespaceMatches(
  reader: ObjectReader,
  selector: Selector,
  { info, operation, object }: AdmissionAttributes,
): boolean | "missing" {
  if (selector.empty) return true;
  const isNamespace = info.group === "" && info.resource === "namespaces";
  if (info.namespace === "" && !isNamespace) return true;
  if (isNamespace && info.subresource === "" && (operation === "CREATE" || operation === "UPDATE"))
    return selector.matches((object as KubeObject).metadata.labels);
  const found = reader.get("namespaces", "", info.namespace);
  return found === undefined ? "missing" : selector.matches(found.metadata.labels);
}
