import type { Secret, ServiceAccount } from "#pkg/api/types/core-v1.ts";
import { serviceaccounts } from "#pkg/api/types/core-v1.ts";
import type { TokenRequest } from "#pkg/api/types/authentication-v1.ts";
import type { Client } from "#pkg/client/index.ts";

/** Signs the token of a token Secret, which names its account and Secret. */
export type LegacyTokenSigner = (about: {
  readonly account: ServiceAccount;
  readonly secret: Secret;
}) => Promise<string>;

const TEN_YEARS_SECONDS = 10 * 365 * 24 * 3600;

/**
 * Has the API server sign, through the account's token subresource. Upstream's tokens in Secrets never expire; these do
 * so after ten years, and with their Secret, to which they are bound.
 */
export function tokenRequestSigner(client: Client): LegacyTokenSigner {
  return async ({ account, secret }) => {
    const { namespace = "", name } = account.metadata;
    const request = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      metadata: {},
      spec: {
        audiences: [],
        expirationSeconds: TEN_YEARS_SECONDS,
        boundObjectRef: {
          kind: "Secret",
          apiVersion: "v1",
          name: secret.metadata.name,
          uid: secret.metadata.uid,
        },
      },
    };
    const answer = await client.createSub<TokenRequest>(serviceaccounts, { namespace, name }, "token", request);
    const token = answer.status?.token;
    if (token === undefined || token === "")
      throw new Error(`The API server signed no token for "${namespace}/${name}"`);
    return token;
  };
}
