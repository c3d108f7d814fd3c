import { parse as parseYaml } from "yaml";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import { ApiError, badRequest } from "#pkg/errors/index.ts";
import { applyJsonPatch } from "../patch/json-patch.ts";
import { applyMergePatch } from "../patch/merge-patch.ts";
import { applyStrategicMergePatch } from "../patch/strategic-merge-patch.ts";
import type { Reply } from "../types.ts";
import { contentType, decodeObject, expectedOf, textOf } from "./body.ts";
import { guaranteedUpdate, type SubresourceRules } from "./guaranteed-update.ts";
import { matchPath } from "./metadata.ts";
import { type WriteOptions, writeOptions } from "./options.ts";
import type { Obj, RegistryServices, Target } from "./services.ts";

const JSON_PATCH = "application/json-patch+json";
const MERGE_PATCH = "application/merge-patch+json";
const STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json";
export const APPLY_PATCH = "application/apply-patch+yaml";

/** Turns what is there into what the patch makes of it. */
export type Patcher = (old: unknown) => unknown;

/** PATCH of an object or of its status. */
export async function patch(services: RegistryServices, target: Target, rules?: SubresourceRules): Promise<Reply> {
  const { context, definition } = target;
  if (contentType(context) === APPLY_PATCH) return (await import("./apply.ts")).apply(services, target, rules);
  const options = writeOptions(context, "PatchOptions");
  const apply = await patcherOf(target);
  const entry = await guaranteedUpdate(services, target, {
    dryRun: options.dryRun,
    subresource: context.info.subresource,
    fromLive: true,
    make: (old) => patched(services, target, apply, old, options),
    ...(rules === undefined ? {} : { rules }),
  });
  return { kind: "view", status: 200, definition, view: entry.as(definition) };
}

/** Reads the patch and its type. @throws 400, 415 */
export async function patcherOf(target: Target): Promise<Patcher> {
  const { context, definition } = target;
  const type = contentType(context);
  const isBuiltin = definition.definitions[definition.definitionName] !== undefined;
  const supported = [JSON_PATCH, MERGE_PATCH, ...(isBuiltin ? [STRATEGIC_MERGE_PATCH] : [])];
  if (!supported.includes(type))
    throw new ApiError(
      415,
      "UnsupportedMediaType",
      `the body of the request was in an unknown format - accepted media types include: ${[...supported, APPLY_PATCH].join(", ")}`,
    );
  const value = await readPatch(target);
  if (type === JSON_PATCH) return (old) => applyJsonPatch(old, value);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw badRequest("error decoding patch: json: cannot unmarshal into Go value of type map[string]interface {}");
  if (type === MERGE_PATCH) return (old) => applyMergePatch(old, value);
  const { schema, definitions } = definition;
  return (old) => applyStrategicMergePatch(old, value, schema, definitions);
}

async function readPatch(target: Target): Promise<unknown> {
  const body = await target.context.body();
  if (!(body instanceof Uint8Array)) return body;
  const text = textOf(body);
  try {
    return JSON.parse(text);
  } catch (err) {
    // Patches may be YAML as well, as upstream converts any body of a patch.
    const value: unknown = /^\s*[[{]/.test(text) ? undefined : parseYaml(text);
    if (typeof value === "object" && value !== null) return value;
    throw badRequest(`error decoding patch: ${(err as Error).message}`);
  }
}

function patched(
  services: RegistryServices,
  target: Target,
  apply: Patcher,
  old: KubeObject,
  options: WriteOptions,
): Obj {
  const { definition, context } = target;
  const value = apply(old) as Obj;
  const object = decodeObject(
    { value, text: undefined },
    expectedOf(definition, services.decoder(definition)),
    options.fieldValidation,
    context.warn,
  );
  matchPath(object, target);
  // Only a patch that names another revision is bound to one: what loses a race is applied again.
  const { metadata } = object as { metadata: { resourceVersion?: string } };
  if (metadata.resourceVersion === old.metadata.resourceVersion) delete metadata.resourceVersion;
  return object;
}
