import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { PeerCertificate, TLSSocket } from "node:tls";
import { type TokenReview, tokenreviews } from "#pkg/api/types/authentication-v1.ts";
import type { Client } from "#pkg/client/index.ts";
import { AnswerCache } from "./answer-cache.ts";
import type { Caller } from "./types.ts";

/** As upstream's authentication.webhook.cacheTTL. */
const TOKEN_TTL_MS = 120_000;

/** Finds out who asks: by a client certificate of the cluster's authority, else by a token that the API server knows. */
export class KubeletAuthenticator {
  readonly #client: Client;
  readonly #tokens = new AnswerCache<Caller>({ maxEntries: 1000 });

  constructor(parts: { readonly client: Client }) {
    this.#client = parts.client;
  }

  /** Undefined when the caller shows nothing, or nothing that is valid. */
  async authenticate(request: IncomingMessage): Promise<Caller | undefined> {
    const socket = request.socket as TLSSocket;
    if (socket.authorized === true) {
      const caller = callerOf(socket.getPeerCertificate());
      if (caller !== undefined) return caller;
    }
    const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
    return token === undefined ? undefined : await this.#review(token);
  }

  async #review(token: string): Promise<Caller | undefined> {
    const key = createHash("sha256").update(token).digest("base64");
    const known = this.#tokens.get(key);
    if (known !== undefined) return known;
    const { status } = await this.#client.create<TokenReview>(tokenreviews, { metadata: {}, spec: { token } });
    const { username, uid, groups = [], extra } = status?.user ?? {};
    if (status?.authenticated !== true || username === undefined) return undefined;
    const caller: Caller = {
      name: username,
      groups,
      ...(uid === undefined ? {} : { uid }),
      ...(extra === undefined ? {} : { extra }),
    };
    this.#tokens.set(key, caller, TOKEN_TTL_MS);
    return caller;
  }
}

/** The common name is the user, organizations are groups. */
export function callerOf(certificate: Pick<PeerCertificate, "subject">): Caller | undefined {
  const { CN: name, O: organizations = [] } = certificate.subject as { CN?: string; O?: string | string[] };
  if (name === undefined || name === "") return undefined;
  return { name, groups: [...[organizations].flat(), "system:authenticated"] };
}
