// Serves what CustomResourceDefinitions define: names, conditions, clean-up, conversion by webhook.
// Reads CRDs and their objects from the cache; writes CRDs' status and deletes the objects of those that go.
export { CRD_PREFIX, CustomResources, type CustomResourcesOptions, dynamicResources } from "./custom-resources.ts";
export { cleanupHooks } from "./terminating.ts";
