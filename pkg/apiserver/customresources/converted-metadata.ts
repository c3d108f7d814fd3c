import type { KubeObject } from "#pkg/api/resource-ref.ts";

type Json = Record<string, unknown>;

const IDENTITY = [
  ["name", "name"],
  ["namespace", "namespace"],
  ["uid", "UID"],
] as const;

/** @throws with upstream's words when a converted object is another one */
export function sameIdentity(original: KubeObject, metadata: unknown): void {
  if (metadata === undefined) throw new Error("missing metadata in converted object");
  const given = objectOf(metadata, "metadata");
  for (const [field, shown] of IDENTITY) {
    const [was, is] = [original.metadata[field] ?? "", given[field] ?? ""];
    if (was !== is)
      throw new Error(`must have the same ${shown}: ${was} != ${typeof is === "string" ? is : JSON.stringify(is)}`);
  }
}

/** The original's metadata with the labels and annotations of the converted object: a webhook may change only those. */
export function restoreMetadata(original: KubeObject, metadata: unknown): KubeObject["metadata"] {
  const given = objectOf(metadata, "metadata");
  const { labels: _labels, annotations: _annotations, ...kept } = original.metadata;
  return {
    ...kept,
    ...strings(given["labels"], "labels"),
    ...strings(given["annotations"], "annotations"),
  } as KubeObject["metadata"];
}

function strings(value: unknown, field: "labels" | "annotations"): Json {
  if (value === undefined || value === null) return {};
  const map = objectOf(value, `metadata.${field}`);
  for (const [key, text] of Object.entries(map))
    if (typeof text !== "string")
      throw new Error(`metadata.${field}[${key}]: Invalid value: ${JSON.stringify(text)}: must be a string`);
  return { [field]: map };
}

function objectOf(value: unknown, field: string): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  const type = value === null ? "<nil>" : Array.isArray(value) ? "[]interface {}" : typeof value;
  throw new Error(`invalid ${field} of type ${type} in converted object`);
}
