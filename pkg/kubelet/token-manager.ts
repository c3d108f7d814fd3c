import type { TokenRequest } from "#pkg/api/types/authentication-v1.ts";
import { type Pod, serviceaccounts } from "#pkg/api/types/core-v1.ts";
import type { Client } from "#pkg/client/index.ts";
import { isNotFound } from "#pkg/errors/index.ts";

/** A token is renewed after this part of its life, and at the latest after a day, as upstream does. */
const REFRESH_AT = 0.8;
const MAX_AGE_MS = 24 * 3600 * 1000;

export interface TokenOptions {
  /** Empty for the API server's own audience. */
  readonly audience: string;
  readonly expirationSeconds: number;
}

interface Held {
  readonly token: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** Service-account tokens bound to pods of this node, from the TokenRequest API, kept until they must be renewed. */
export class TokenManager {
  readonly #client: Client;
  readonly #now: () => number;
  readonly #held = new Map<string, Held>();
  readonly #asking = new Map<string, Promise<Held>>();

  constructor(parts: { readonly client: Client; readonly now?: () => number }) {
    this.#client = parts.client;
    this.#now = parts.now ?? Date.now;
  }

  /** A token that is good for at least a fifth of its life, or what is left of the old one when the API does not answer. */
  async token(pod: Pod, options: TokenOptions): Promise<string> {
    const key = `${pod.metadata.uid}/${options.audience}/${options.expirationSeconds}`;
    const held = this.#held.get(key);
    if (held !== undefined && !this.#isDue(held)) return held.token;
    try {
      let asking = this.#asking.get(key);
      if (asking === undefined) {
        asking = this.#request(pod, options).finally(() => this.#asking.delete(key));
        this.#asking.set(key, asking);
      }
      const fresh = await asking;
      this.#held.set(key, fresh);
      return fresh.token;
    } catch (err) {
      if (held !== undefined && held.expiresAt > this.#now() && !isNotFound(err)) return held.token;
      throw err;
    }
  }

  forget(podUid: string): void {
    for (const key of this.#held.keys()) if (key.startsWith(`${podUid}/`)) this.#held.delete(key);
  }

  #isDue({ issuedAt, expiresAt }: Held): boolean {
    return this.#now() >= Math.min(issuedAt + (expiresAt - issuedAt) * REFRESH_AT, issuedAt + MAX_AGE_MS);
  }

  async #request(pod: Pod, options: TokenOptions): Promise<Held> {
    const { namespace = "", name, uid } = pod.metadata;
    const account = pod.spec.serviceAccountName ?? "default";
    const issuedAt = this.#now();
    const body: TokenRequest = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: {
        audiences: options.audience === "" ? [] : [options.audience],
        expirationSeconds: options.expirationSeconds,
        boundObjectRef: { apiVersion: "v1", kind: "Pod", name, uid },
      },
    };
    const at = { namespace, name: account };
    const { status } = await this.#client.createSub<TokenRequest>(serviceaccounts, at, "token", body);
    if (status?.token === undefined) throw new Error(`No token came for service account "${namespace}/${account}"`);
    const expiresAt = Date.parse(status.expirationTimestamp ?? "");
    return {
      token: status.token,
      issuedAt,
      expiresAt: Number.isNaN(expiresAt) ? issuedAt + options.expirationSeconds * 1000 : expiresAt,
    };
  }
}
