// Serves what CustomResourceDefinitions define: names, conditions, clean-up, conversion by webhook.
// Reads CRDs and their objects from the cache; writes CRDs' status and deletes the objects of those that go.
export { CRD_PREFIX, dynamicResources } from "./cached-resource.ts";
export { CustomResources, type CustomResourcesOptions } from "./custom-resources.ts";
export { cleanupHooks } from "./terminating.ts";
