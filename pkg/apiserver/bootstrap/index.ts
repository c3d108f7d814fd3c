// Creates the objects a cluster starts with (namespaces, default/kubernetes, priority classes, roles) and keeps them.
// Reads and writes the API as the server itself.
export { Bootstrap, type BootstrapOptions } from "./bootstrap.ts";
export type { AdvertisedAddress } from "./kubernetes-service.ts";
