import type { AuthorizationCheck, AuthorizationDecision, AuthorizerBinding } from "#pkg/cel/types.ts";
import type { AdmissionAttributes, Authorizer, RequestInfo, UserInfo } from "../../types.ts";

/** Questions that one expression can raise one after the other. */
const MAX_ROUNDS = 50;

/**
 * The variable `authorizer` of an expression. Evaluation cannot wait, authorizers are asked asynchronously: what an
 * evaluation asked is answered afterwards, and the expression evaluated again, until nothing new was asked.
 */
export class AuthorizationAnswers {
  readonly #authorizer: Authorizer;
  readonly #attributes: AdmissionAttributes;
  readonly #known = new Map<string, AuthorizationDecision>();
  #asked = new Map<string, AuthorizationCheck>();
  readonly binding: AuthorizerBinding;

  constructor(authorizer: Authorizer, attributes: AdmissionAttributes) {
    this.#authorizer = authorizer;
    this.#attributes = attributes;
    const { group, resource, subresource, namespace, name } = attributes.info;
    this.binding = {
      decide: (check) => this.#decide(check),
      requestResource: { group, resource, subresource, namespace, name },
    };
  }

  async settle<R>(evaluate: () => R): Promise<R> {
    for (let round = 1; ; round++) {
      this.#asked = new Map();
      const result = evaluate();
      if (this.#asked.size === 0 || round === MAX_ROUNDS) return result;
      for (const [key, check] of this.#asked) this.#known.set(key, await this.#answer(check));
    }
  }

  #decide(check: AuthorizationCheck): AuthorizationDecision | undefined {
    const key = JSON.stringify(check);
    const known = this.#known.get(key);
    if (known === undefined) this.#asked.set(key, check);
    return known;
  }

  async #answer(check: AuthorizationCheck): Promise<AuthorizationDecision> {
    const { decision, reason } = await this.#authorizer.authorize(this.#userOf(check), infoOf(check));
    return { allowed: decision === "allow", reason };
  }

  #userOf({ user }: AuthorizationCheck): UserInfo {
    if (user === "request") return this.#attributes.user;
    const { namespace, serviceAccount } = user;
    return {
      name: `system:serviceaccount:${namespace}:${serviceAccount}`,
      groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
    };
  }
}

function infoOf({ verb, path = "", group, resource, subresource, namespace, name }: AuthorizationCheck): RequestInfo {
  const isResource = path === "";
  return { isResource, verb, path, group, version: "*", namespace, resource, subresource, name, rest: "" };
}
