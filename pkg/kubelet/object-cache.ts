import type { ConfigMap, Secret } from "#pkg/api/types/core-v1.ts";

/** Reads what pods refer to. Undefined when the object does not exist; other failures reject. */
export interface ObjectReader {
  configMap(namespace: string, name: string): Promise<ConfigMap | undefined>;
  secret(namespace: string, name: string): Promise<Secret | undefined>;
}
