import { isDeepStrictEqual } from "node:util";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import { internalError } from "#pkg/errors/index.ts";
import { applyJsonPatch } from "../../patch/index.ts";
import type { AdmissionAttributes } from "../../types.ts";
import { replaceObject } from "../replace-object.ts";
import { WebhookFailure } from "./call-webhook.ts";
import { convert } from "./convert.ts";
import type { AdmissionResponse } from "./review.ts";
import type { Invocation, Versioned } from "./types.ts";

/**
 * Changes the object as the webhook's patch says: in the version the webhook saw, back to the request's, decoded and with
 * defaults again. True when anything changed.
 */
export async function applyPatch(
  invocation: Invocation,
  attributes: AdmissionAttributes,
  versioned: Versioned,
  { patch, patchType }: AdmissionResponse,
): Promise<boolean> {
  if (patch === "") return false;
  const { name } = invocation.webhook;
  const operations = readPatch(patch);
  if (Array.isArray(operations) && operations.length === 0) return false;
  if (versioned.object === undefined) {
    const why = `admission webhook "${name}" attempted to modify the object, which is not supported for this operation`;
    throw internalError(why);
  }
  if (patchType !== "JSONPatch")
    throw new WebhookFailure(`failed calling webhook "${name}": unsupported patch type ${JSON.stringify(patchType)}`);
  let changed: KubeObject;
  try {
    const plain: unknown = JSON.parse(JSON.stringify(versioned.object));
    const patched = applyJsonPatch(plain, operations) as KubeObject;
    const { definition } = invocation;
    const back = definition === undefined ? patched : await convert(patched, definition, attributes.definition);
    changed = attributes.decode(back) as KubeObject;
  } catch (err) {
    throw internalError((err as Error).message);
  }
  if (isDeepStrictEqual(JSON.parse(JSON.stringify(changed)), JSON.parse(JSON.stringify(attributes.object))))
    return false;
  replaceObject(attributes, changed as unknown as Record<string, unknown>);
  return true;
}

function readPatch(patch: string): unknown {
  try {
    return JSON.parse(Buffer.from(patch, "base64").toString("utf8"));
  } catch (err) {
    throw internalError((err as Error).message);
  }
}
