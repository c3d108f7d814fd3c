import { createHash, timingSafeEqual, X509Certificate } from "node:crypto";
import { unauthorized } from "#pkg/errors/index.ts";
import type { Authenticator, UserInfo } from "../types.ts";
import type { FrontProxies } from "./request-header.ts";
import type { ServiceAccountTokens } from "./service-account-tokens.ts";

/** Names the credential in audit logs and whoami; upstream's user.CredentialIDKey. */
const CREDENTIAL_ID = "authentication.kubernetes.io/credential-id";
/** Kubernetes' own attribute of subjects, for the user's uid. */
const UID_OID = "1.3.6.1.4.1.57683.2";
const ANONYMOUS: UserInfo = { name: "system:anonymous", groups: ["system:unauthenticated"] };

/** A token that is known beforehand: the bootstrap token of joining nodes, tokens of a file. */
export interface StaticToken {
  readonly token: string;
  readonly user: UserInfo;
}

/**
 * Client certificates that the TLS layer verified against the client authority: CN is the user, every O a group.
 * Decoded once per certificate and connection. A front proxy's own is nobody's.
 */
export function certificateAuthenticator(proxies?: FrontProxies): Authenticator {
  const users = new WeakMap<Uint8Array, UserInfo>();
  return {
    authenticate({ peerCertificate }) {
      if (peerCertificate === undefined || proxies?.nameOf(peerCertificate) !== undefined) return undefined;
      let user = users.get(peerCertificate);
      if (user === undefined) users.set(peerCertificate, (user = userOfCertificate(peerCertificate)));
      // As upstream, groups alone are nobody.
      return user.name === "" ? undefined : user;
    },
  };
}

function userOfCertificate(der: Uint8Array): UserInfo {
  const lines = new X509Certificate(der).subject.split("\n");
  const values = (key: string): string[] =>
    lines
      .flatMap((line) => line.split(" + "))
      .filter((part) => part.startsWith(`${key}=`))
      .map((part) => unescaped(part.slice(key.length + 1)));
  const [uid = ""] = values(UID_OID);
  return {
    name: values("CN")[0] ?? "",
    groups: [...values("O"), "system:authenticated"],
    ...(uid === "" ? {} : { uid }),
    extra: { [CREDENTIAL_ID]: [`X509SHA256=${createHash("sha256").update(der).digest("hex")}`] },
  };
}

/** Subjects are printed with escapes (RFC 2253): a comma in a group's name comes as "\\,". */
const unescaped = (value: string): string =>
  value.replace(/\\([0-9A-F]{2})|\\(.)/g, (_all, hex: string | undefined, plain: string | undefined) =>
    hex === undefined ? (plain ?? "") : String.fromCharCode(Number.parseInt(hex, 16)),
  );

/** `Authorization: Bearer`: static tokens, then service-account tokens. An unknown token is refused. */
export function tokenAuthenticator(options: {
  readonly staticTokens: readonly StaticToken[];
  readonly serviceAccounts: ServiceAccountTokens | undefined;
}): Authenticator {
  const hashed = options.staticTokens.map(({ token, user }) => ({ hash: digest(token), user }));
  return {
    authenticate({ headers }) {
      const header = headers["authorization"];
      if (typeof header !== "string") return undefined;
      const token = /^Bearer\s+(\S+)$/i.exec(header)?.[1];
      if (token === undefined) return undefined;
      const hash = digest(token);
      const known = hashed.find((each) => timingSafeEqual(each.hash, hash));
      if (known !== undefined) return withGroup(known.user);
      return ownerOf(token, options.serviceAccounts);
    },
  };
}

async function ownerOf(token: string, accounts: ServiceAccountTokens | undefined): Promise<UserInfo> {
  const verdict = await accounts?.verify(token, []);
  if (verdict?.user === undefined) throw unauthorized();
  return verdict.user;
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

function withGroup(user: UserInfo): UserInfo {
  if (user.groups.includes("system:authenticated")) return user;
  return { ...user, groups: [...user.groups, "system:authenticated"] };
}

type Credentials = Parameters<Authenticator["authenticate"]>[0];

/**
 * The first that knows the caller; nobody is anonymous, which the authorizers allow next to nothing. Waits only for those
 * that have to.
 */
export function chainAuthenticators(authenticators: readonly Authenticator[]): {
  authenticate(request: Credentials): UserInfo | Promise<UserInfo>;
} {
  const askFrom = (first: number, request: Credentials): UserInfo | Promise<UserInfo> => {
    for (let at = first; at < authenticators.length; at++) {
      const user = authenticators[at]?.authenticate(request);
      if (user instanceof Promise) return user.then((found) => found ?? askFrom(at + 1, request));
      if (user !== undefined) return user;
    }
    return ANONYMOUS;
  };
  return { authenticate: (request) => askFrom(0, request) };
}
