// Service accounts and what pods need to use them: the default account, the root CA's ConfigMap, long-lived tokens.
export { RootCaPublisher } from "./root-ca-publisher.ts";
export { ServiceAccountController } from "./serviceaccount-controller.ts";
export { TokenController } from "./token-controller.ts";
export { type LegacyTokenSigner, tokenRequestSigner } from "./token-signer.ts";
