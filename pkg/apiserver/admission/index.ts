// What is asked of a write before it is stored: plugins, policies and webhooks, in upstream's order.
// Reads the server's cache and asks webhooks; changes the object being admitted.
export { AdmissionChain } from "./chain.ts";
export { builtinAdmissionPlugins } from "./plugins/index.ts";
