// The API server's memory: every object, the recent changes, and the watchers. Reads the store's event stream; writes nothing.
export { Cache, type CachedResource, type DynamicResources } from "./cache.ts";
export { Change, ViewEvent } from "./change.ts";
export { deepFreeze, Entry, ObjectView, readyAll } from "./entry.ts";
export { parseFieldSelector } from "./field-selector.ts";
export { partialText, withoutManagedFields } from "./lean-text.ts";
export { ResourceCache } from "./resource-cache.ts";
export { Stored, storedCodec } from "./stored.ts";
