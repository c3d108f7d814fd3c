import { customResourceDefinitions } from "#pkg/api/apiextensions/custom-resource.ts";
import type { ResourceDefinition } from "#pkg/api/definition.ts";
import type { CustomResourceDefinition } from "#pkg/api/types/apiextensions-v1.ts";
import type { WebhookCaller } from "../webhook/index.ts";
import { isTrue } from "./conditions.ts";
import { webhookConversion } from "./webhook-conversion.ts";

/** What an established CRD serves: its served versions under the names that it was granted. */
export function definitionsOf(
  crd: CustomResourceDefinition,
  webhooks: () => Promise<WebhookCaller>,
): readonly ResourceDefinition[] {
  const convert = webhookConversion(crd, webhooks);
  const terminating = isTrue(crd, "Terminating");
  const definitions = customResourceDefinitions(crd);
  if (convert === undefined && !terminating) return definitions;
  return definitions.map((definition) =>
    changed(definition, {
      ...(terminating ? { terminating } : {}),
      ...(convert === undefined ? {} : { storage: { ...definition.storage, convert } }),
    }),
  );
}

/** A copy with changes that leaves lazily made properties lazy. */
function changed(definition: ResourceDefinition, changes: Partial<ResourceDefinition>): ResourceDefinition {
  return Object.defineProperties(
    {},
    { ...Object.getOwnPropertyDescriptors(definition), ...Object.getOwnPropertyDescriptors(changes) },
  ) as ResourceDefinition;
}

/** The definition of the stored version, served or not. */
export function storedDefinition(crd: CustomResourceDefinition): ResourceDefinition {
  const versions = crd.spec.versions.filter((each) => each.storage).map((each) => ({ ...each, served: true }));
  const [definition] = customResourceDefinitions({ ...crd, spec: { ...crd.spec, versions } });
  if (definition === undefined) throw new Error(`"${crd.metadata.name}" has no storage version`);
  return definition;
}
