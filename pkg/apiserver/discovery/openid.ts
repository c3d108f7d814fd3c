import { type Document, jsonDocument } from "./document.ts";

/** The keys that sign service-account tokens, for verifiers outside the cluster (OpenID Connect Discovery 1.0). */
export interface OpenIdKeys {
  /** `iss` of the tokens, an https URL. */
  readonly issuer: string;
  /** Where the keys are read: the server's own /openid/v1/jwks. */
  readonly jwksUri: string;
  /** Public JSON Web Keys (RFC 7517), each with kid, use and alg. */
  readonly keys: readonly { readonly alg?: string }[];
}

export function openIdConfiguration({ issuer, jwksUri, keys }: OpenIdKeys): Document {
  const algorithms = [...new Set(keys.map((key) => key.alg ?? "RS256"))];
  return jsonDocument({
    issuer,
    jwks_uri: jwksUri,
    response_types_supported: ["id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: algorithms,
  });
}

export function openIdKeySet({ keys }: OpenIdKeys): Document {
  return jsonDocument({ keys }, "application/jwk-set+json");
}
