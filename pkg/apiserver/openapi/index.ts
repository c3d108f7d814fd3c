// OpenAPI v2 and v3 documents of everything that is served, for kubectl (explain, apply, validation) and generators.
// Reads the resource definitions; keeps only compressed bytes, made when first asked for and when definitions change.
export type { RemoteDocuments, RemoteDocumentV2 } from "./remote.ts";
export { createOpenApi, type OpenApi, type OpenApiOptions } from "./openapi.ts";
