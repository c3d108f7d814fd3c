import { X509Certificate } from "node:crypto";
import { unauthorized } from "#pkg/errors/index.ts";
import type { Authenticator, UserInfo } from "../types.ts";

/** Names in certificates of front proxies that are heard; the one of this server's own proxy, as kubeadm's. */
export const FRONT_PROXY_NAME = "front-proxy-client";
const ALLOWED_NAMES: ReadonlySet<string> = new Set([FRONT_PROXY_NAME]);
const EXTRA_PREFIX = "x-remote-extra-";

/**
 * Which client certificates are those of front proxies. The TLS layer verified them; these authorities sign directly
 * (path length 0), so that a certificate that none of them issued leads to an authority of clients.
 */
export class FrontProxies {
  readonly #authorities: readonly X509Certificate[];
  readonly #names = new WeakMap<Uint8Array, { readonly name: string | undefined }>();

  /** PEM of one or more; without any no certificate is a front proxy's. */
  constructor(authorities: string | undefined) {
    const blocks = authorities?.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    this.#authorities = blocks.map((pem) => new X509Certificate(pem));
  }

  /** The common name of a front proxy's certificate; undefined for that of a user. Looked at once per connection. */
  nameOf(der: Uint8Array): string | undefined {
    if (this.#authorities.length === 0) return undefined;
    let known = this.#names.get(der);
    if (known === undefined) this.#names.set(der, (known = { name: this.#read(der) }));
    return known.name;
  }

  #read(der: Uint8Array): string | undefined {
    const certificate = new X509Certificate(der);
    const isIssued = this.#authorities.some(
      (authority) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey),
    );
    if (!isIssued) return undefined;
    return /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? "";
  }
}

/** Users whom a front proxy vouches for: X-Remote-User, -Uid, -Group and -Extra-… (upstream's request header options). */
export function requestHeaderAuthenticator(proxies: FrontProxies): Authenticator {
  return {
    authenticate({ headers, peerCertificate, rawHeaders }) {
      if (peerCertificate === undefined) return undefined;
      const proxy = proxies.nameOf(peerCertificate);
      if (proxy === undefined || !ALLOWED_NAMES.has(proxy)) return undefined;
      const name = valuesOf("x-remote-user", headers, rawHeaders)[0] ?? "";
      return name === "" ? undefined : userOf(name, headers, rawHeaders);
    },
  };
}

/** What a front proxy asks without naming a user, or without being one that is heard, is not asked by anonymous. */
export function refuseFrontProxyItself(proxies: FrontProxies): Authenticator {
  return {
    authenticate({ peerCertificate }) {
      if (peerCertificate !== undefined && proxies.nameOf(peerCertificate) !== undefined) throw unauthorized();
      return undefined;
    },
  };
}

type Headers = Parameters<Authenticator["authenticate"]>[0]["headers"];

function userOf(name: string, headers: Headers, rawHeaders: readonly string[] | undefined): UserInfo {
  const groups = valuesOf("x-remote-group", headers, rawHeaders);
  const [uid = ""] = valuesOf("x-remote-uid", headers, rawHeaders);
  const extra: Record<string, readonly string[]> = Object.create(null) as Record<string, readonly string[]>;
  for (const header of Object.keys(headers))
    if (header.startsWith(EXTRA_PREFIX))
      extra[unescapeKey(header.slice(EXTRA_PREFIX.length))] = valuesOf(header, headers, rawHeaders);
  // As upstream's group adder: everybody who is known, but the anonymous user, is authenticated.
  const has = groups.includes("system:authenticated") || groups.includes("system:unauthenticated");
  return {
    name,
    groups: has || name === "system:anonymous" ? groups : [...groups, "system:authenticated"],
    ...(uid === "" ? {} : { uid }),
    ...(Object.keys(extra).length === 0 ? {} : { extra: { ...extra } }),
  };
}

/** Each line of a header on its own: a group's name may hold a comma, with which lines would be joined. */
function valuesOf(name: string, headers: Headers, rawHeaders: readonly string[] | undefined): string[] {
  if (rawHeaders === undefined) {
    const value = headers[name];
    return value === undefined ? [] : [value].flat().map(decode);
  }
  const values: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2)
    if (rawHeaders[i]?.toLowerCase() === name) values.push(decode(rawHeaders[i + 1] as string));
  return values;
}

/** Node reads header values as Latin-1; proxies send UTF-8. */
const decode = (value: string): string => Buffer.from(value, "latin1").toString("utf8");

function unescapeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
