// Who asks (certificates, tokens) and what they may do (system policy, RBAC). Reads the server's own cache.
export {
  certificateAuthenticator,
  chainAuthenticators,
  type StaticToken,
  tokenAuthenticator,
} from "./authenticators.ts";
export {
  FRONT_PROXY_NAME,
  FrontProxies,
  refuseFrontProxyItself,
  requestHeaderAuthenticator,
} from "./request-header.ts";
export { RbacAuthorizer } from "./rbac-authorizer.ts";
export { RbacEscalation } from "./rbac-escalation.ts";
export { uncovered } from "./rule-coverage.ts";
export { ServiceAccountTokens, type ServiceAccountTokensOptions } from "./service-account-tokens.ts";
export { systemPolicyAuthorizer } from "./system-policy.ts";
export { mastersAuthorizer, unionAuthorizer } from "./union.ts";
