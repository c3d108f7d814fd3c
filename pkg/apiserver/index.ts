// The API server: one pipeline from request to store and back for HTTPS, worker ports and in-process callers.
// Reads and writes the store; everything else reads and writes the API.
export { builtinAdmissionPlugins } from "./admission/index.ts";
export { ServiceAllocator } from "./allocators/index.ts";
export { type ApiServer, type ApiServerOptions, createApiServer } from "./api-server.ts";
export { FRONT_PROXY_NAME } from "./auth/index.ts";
export { Bootstrap } from "./bootstrap/index.ts";
export { type Stored, storedCodec } from "./cache/index.ts";
export { Compactor, type CompactorOptions } from "./compactor.ts";
export type { ListenOptions, RunningListener, TlsFiles } from "./http/index.ts";
export { streamingRoutes } from "./streaming/index.ts";
export { servePort } from "./transport/index.ts";
export type {
  AdmissionAttributes,
  AdmissionPlugin,
  Authenticator,
  Authorizer,
  ObjectReader,
  ResourceHooks,
  ResourceTable,
  Route,
  ServerParts,
  UserInfo,
} from "./types.ts";
export { YAML_LIMITS } from "./yaml/index.ts";
