// Deletes the content of namespaces that are being deleted, then finalizes them.
export { NamespaceController } from "./namespace-controller.ts";
