// The verbs of resources, of any kind: from a decoded request through defaults, admission and validation to the store.
// Reads the cache, writes the store.
export { deleteCollection } from "./delete-collection.ts";
export { timestamp } from "./metadata.ts";
export { Registry } from "./registry.ts";
export { DefinitionTable, isStored } from "./resource-table.ts";
export { REGISTRY_WAITS, type RegistryServices, type RegistryWaits } from "./services.ts";
export { unknownResource } from "./still-served.ts";
export { compareVersions } from "./version-order.ts";
