import type { ConfigMap, KeyToPath, Secret } from "#pkg/api/types/core-v1.ts";
import type { PayloadFile } from "../atomic-writer.ts";

export type Payload = Map<string, PayloadFile>;

/** What volumes get when neither item nor volume says a mode; the API server normally fills it in. */
export const DEFAULT_MODE = 0o644;

/** A ConfigMap's keys as files. */
export function configMapFiles(map: ConfigMap): ReadonlyMap<string, Uint8Array> {
  return new Map<string, Uint8Array>([
    ...Object.entries(map.data ?? {}).map(([key, text]) => [key, Buffer.from(text)] as const),
    ...Object.entries(map.binaryData ?? {}).map(([key, text]) => [key, Buffer.from(text, "base64")] as const),
  ]);
}

/** A Secret's keys as files. */
export function secretFiles(secret: Secret): ReadonlyMap<string, Uint8Array> {
  return new Map(Object.entries(secret.data ?? {}).map(([key, text]) => [key, Buffer.from(text, "base64")]));
}

/** Chooses keys: all of them, or the items with their own paths and modes. A missing key is an error unless optional. */
export function selectKeys(
  files: ReadonlyMap<string, Uint8Array>,
  items: readonly KeyToPath[] | undefined,
  options: { readonly mode: number; readonly optional: boolean; readonly kind: "config" | "secret" },
): Payload {
  if (items === undefined || items.length === 0) {
    return new Map([...files].map(([key, data]) => [key, { data, mode: options.mode }]));
  }
  const payload: Payload = new Map();
  for (const { key, path, mode } of items) {
    const data = files.get(key);
    if (data !== undefined) payload.set(path, { data, mode: mode ?? options.mode });
    else if (!options.optional) throw new Error(`references non-existent ${options.kind} key: ${key}`);
  }
  return payload;
}
