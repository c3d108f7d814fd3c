// Certificate authorities, certificates and their renewal, kubeconfigs, the key of service-account tokens.
// Reads and writes PEM files (0600) under the directory it is given; nothing else.
export { createAuthority, isCurrent, issueCertificate } from "./issue.ts";
export { ensureAuthority, ensureCertificate, writePrivateFile } from "./key-pair-files.ts";
export { kubeconfig, type KubeconfigOptions } from "./kubeconfig.ts";
export { ensureServiceAccountKey, type ServiceAccountKey } from "./service-account-key.ts";
export type { CertificateRequest, KeyPair } from "./types.ts";
