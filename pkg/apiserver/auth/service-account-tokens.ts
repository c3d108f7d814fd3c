import type { KeyObject } from "node:crypto";
import { errors, jwtVerify, SignJWT } from "jose";
import type { ObjectReader, TokenClaims, TokenIssuer, TokenVerdict, UserInfo } from "../types.ts";

const ALGORITHM = "ES256";
/** Signatures are checked again after this long; what the claims are bound to is looked at every time. */
const REMEMBER_MS = 60_000;
const MAX_REMEMBERED = 4_096;

export interface ServiceAccountTokensOptions {
  /** P-256. */
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly keyId: string;
  /** `iss`, an https URL. */
  readonly issuer: string;
  /** Audiences that this API server answers to; the first is what tokens are for unless told. */
  readonly audiences: readonly string[];
  readonly reader: ObjectReader;
  readonly now: () => number;
}

interface Reference {
  readonly name: string;
  readonly uid: string;
}

interface Claims {
  readonly aud?: string | readonly string[];
  readonly exp?: number;
  readonly jti?: string;
  readonly "kubernetes.io"?: {
    readonly namespace: string;
    readonly serviceaccount: Reference;
    readonly pod?: Reference;
    readonly secret?: Reference;
    readonly node?: Reference;
  };
}

/**
 * Signs and checks service-account tokens (JWT with the claim "kubernetes.io", as upstream writes them). A token is
 * good while its account, and the pod, secret or node it is bound to, exist with the uid it names.
 */
export class ServiceAccountTokens implements TokenIssuer {
  readonly #options: ServiceAccountTokensOptions;
  readonly #verified = new Map<string, { readonly claims: Claims; readonly until: number }>();

  constructor(options: ServiceAccountTokensOptions) {
    this.#options = options;
  }

  get defaultAudiences(): readonly string[] {
    return this.#options.audiences.slice(0, 1);
  }

  async issue(request: TokenClaims): Promise<string> {
    const { namespace, serviceAccount, boundTo, node } = request;
    const { privateKey, keyId, issuer } = this.#options;
    const kubernetes = {
      namespace,
      ...(node === undefined ? {} : { node }),
      ...(boundTo === undefined ? {} : { [boundTo.kind.toLowerCase()]: { name: boundTo.name, uid: boundTo.uid } }),
      serviceaccount: serviceAccount,
    };
    return new SignJWT({ "kubernetes.io": kubernetes })
      .setProtectedHeader({ alg: ALGORITHM, kid: keyId })
      .setIssuer(issuer)
      .setAudience([...request.audiences])
      .setSubject(`system:serviceaccount:${namespace}:${serviceAccount.name}`)
      .setIssuedAt(request.issuedAt)
      .setNotBefore(request.issuedAt)
      .setExpirationTime(request.expiresAt)
      .setJti(crypto.randomUUID())
      .sign(privateKey);
  }

  /** Whom a token stands for. `audiences` empty: those of this server. */
  async verify(token: string, audiences: readonly string[]): Promise<TokenVerdict> {
    const wanted = audiences.length === 0 ? this.#options.audiences : audiences;
    const failed = (error: string): TokenVerdict => ({ user: undefined, audiences: [], error });
    let claims: Claims;
    try {
      claims = await this.#claims(token);
    } catch (err) {
      if (err instanceof errors.JOSEError) return failed(`invalid bearer token: ${err.message}`);
      throw err;
    }
    const given = typeof claims.aud === "string" ? [claims.aud] : (claims.aud ?? []);
    const shared = wanted.filter((audience) => given.includes(audience));
    if (shared.length === 0)
      return failed(
        `token audiences ${JSON.stringify(given)} is invalid for the target audiences ${JSON.stringify(wanted)}`,
      );
    const user = this.#user(claims);
    return typeof user === "string" ? failed(user) : { user, audiences: shared };
  }

  /** False for tokens that another authenticator may know. */
  claimsToBeOurs(token: string): boolean {
    const parts = token.split(".");
    if (parts.length !== 3) return false;
    try {
      const claims = JSON.parse(Buffer.from(parts[1] as string, "base64url").toString()) as { iss?: unknown };
      return claims.iss === this.#options.issuer;
    } catch {
      return false;
    }
  }

  async #claims(token: string): Promise<Claims> {
    const { publicKey, issuer, now } = this.#options;
    const known = this.#verified.get(token);
    if (known !== undefined && known.until > now()) return known.claims;
    const { payload } = await jwtVerify(token, publicKey, {
      issuer,
      algorithms: [ALGORITHM],
      currentDate: new Date(now()),
    });
    const claims = payload as Claims;
    if (this.#verified.size >= MAX_REMEMBERED) this.#verified.delete(this.#verified.keys().next().value as string);
    this.#verified.set(token, { claims, until: Math.min(now() + REMEMBER_MS, (claims.exp ?? 0) * 1000) });
    return claims;
  }

  /** The user, or why there is none. */
  #user(claims: Claims): UserInfo | string {
    const bound = claims["kubernetes.io"];
    if (bound === undefined) return "token has no kubernetes.io claim";
    const { reader } = this.#options;
    const { namespace, serviceaccount, pod, secret, node } = bound;
    const gone = (resource: string, at: string, ref: Reference): boolean => {
      const object = reader.get(resource, at, ref.name);
      return object === undefined || object.metadata.uid !== ref.uid;
    };
    if (gone("serviceaccounts", namespace, serviceaccount)) return "service account token has been invalidated";
    if (pod !== undefined && gone("pods", namespace, pod)) return "pod of the service account token has been deleted";
    if (secret !== undefined && gone("secrets", namespace, secret))
      return "secret of the service account token has been deleted";
    if (pod === undefined && node !== undefined && gone("nodes", "", node))
      return "node of the service account token has been deleted";
    return {
      name: `system:serviceaccount:${namespace}:${serviceaccount.name}`,
      uid: serviceaccount.uid,
      groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
      extra: {
        ...(claims.jti === undefined ? {} : { "authentication.kubernetes.io/credential-id": [`JTI=${claims.jti}`] }),
        ...(pod === undefined
          ? {}
          : {
              "authentication.kubernetes.io/pod-name": [pod.name],
              "authentication.kubernetes.io/pod-uid": [pod.uid],
            }),
        ...(node === undefined
          ? {}
          : {
              "authentication.kubernetes.io/node-name": [node.name],
              "authentication.kubernetes.io/node-uid": [node.uid],
            }),
      },
    };
  }
}
