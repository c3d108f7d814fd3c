// What the server serves, in documents: API groups and resources (legacy and aggregated), version, paths, OpenID keys.
// Reads the resource definitions; everything is encoded once and again only when they change.
export { acceptedTypes, type MediaRange } from "./accept.ts";
export { createDiscovery, type Discovery, type DiscoveryOptions } from "./discovery.ts";
export type { RemoteGroups, RemoteGroupVersion } from "./remote.ts";
export { type Document, jsonDocument, replyWithDocument } from "./document.ts";
export type { OpenIdKeys } from "./openid.ts";
export type { Build } from "./version.ts";
