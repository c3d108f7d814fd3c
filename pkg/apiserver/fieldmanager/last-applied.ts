/** What kubectl's client-side apply left in an annotation, on the way to server-side apply by the manager "kubectl". */
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import { compare } from "./compare.ts";
import { fieldsOf } from "./fields-of.ts";
import { difference, type FieldSet } from "./field-set.ts";
import type { FieldType } from "./field-type.ts";

export const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
export const KUBECTL = "kubectl";
const MAX_ANNOTATIONS_BYTES = 256 * 1024;

/**
 * Fields that client-side apply set and that still are as it set them: server-side apply may take them from anybody.
 * Undefined when there is no such annotation, or one that cannot be read.
 */
export function takenFromLastApplied(type: FieldType, live: KubeObject, apiVersion: string): FieldSet | undefined {
  const text = live.metadata.annotations?.[LAST_APPLIED];
  if (text === undefined || text === "") return undefined;
  let applied: unknown;
  try {
    applied = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof applied !== "object" || applied === null || Array.isArray(applied)) return undefined;
  if ((applied as KubeObject).apiVersion !== apiVersion) return undefined;
  const { added, modified, removed } = compare(type, applied, live) ?? {};
  return [added, modified, removed].reduce<FieldSet>(
    (set, gone) => (gone === undefined ? set : difference(set, gone)),
    fieldsOf(type, applied, false),
  );
}

/** Writes the configuration into the annotation of an object that has it, so that client-side apply can go on from there. */
export function keepLastApplied(object: KubeObject, config: object): void {
  const annotations = object.metadata.annotations as Record<string, string> | undefined;
  if (annotations === undefined || !annotations[LAST_APPLIED]) return;
  const { metadata = {} } = config as { metadata?: { annotations?: Record<string, string> } };
  const { [LAST_APPLIED]: _self, ...rest } = metadata.annotations ?? {};
  const kept = {
    ...config,
    metadata: { ...metadata, ...(metadata.annotations === undefined ? {} : { annotations: rest }) },
  };
  annotations[LAST_APPLIED] = `${JSON.stringify(sorted(kept))}\n`;
  let size = 0;
  for (const key in annotations) size += key.length + Buffer.byteLength(annotations[key] as string);
  if (size > MAX_ANNOTATIONS_BYTES) delete annotations[LAST_APPLIED];
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}
