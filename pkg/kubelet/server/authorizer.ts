import { type SubjectAccessReview, subjectaccessreviews } from "#pkg/api/types/authorization-v1.ts";
import type { Client } from "#pkg/client/index.ts";
import { AnswerCache } from "./answer-cache.ts";
import type { Caller } from "./types.ts";

/** As upstream's authorization.webhook.cacheAuthorizedTTL and cacheUnauthorizedTTL. */
const ALLOWED_TTL_MS = 300_000;
const DENIED_TTL_MS = 30_000;

const VERBS: Readonly<Record<string, string>> = {
  GET: "get",
  HEAD: "get",
  POST: "create",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};

/** Paths that have a subresource of `nodes` of their own (KEP-2862); the coarse "proxy" covers everything. */
const SUBRESOURCES: readonly (readonly [prefix: string, subresources: readonly string[]])[] = [
  ["/stats", ["stats"]],
  ["/metrics", ["metrics"]],
  ["/logs", ["log"]],
  ["/checkpoint", ["checkpoint"]],
  ["/healthz", ["healthz", "proxy"]],
  ["/pods", ["pods", "proxy"]],
  ["/runningpods", ["pods", "proxy"]],
  ["/configz", ["configz", "proxy"]],
];

/** The subresources of `nodes` of which one is enough for a path. */
export function subresourcesOf(path: string): readonly string[] {
  return SUBRESOURCES.find(([prefix]) => path === prefix || path.startsWith(`${prefix}/`))?.[1] ?? ["proxy"];
}

/** Asks the API server whether a caller may use a part of this node. */
export class KubeletAuthorizer {
  readonly #client: Client;
  readonly #nodeName: string;
  readonly #answers = new AnswerCache<boolean>({ maxEntries: 1000 });

  constructor(parts: { readonly client: Client; readonly nodeName: string }) {
    this.#client = parts.client;
    this.#nodeName = parts.nodeName;
  }

  /** Undefined when allowed, else the text of the refusal. */
  async refusal(caller: Caller, method: string, path: string): Promise<string | undefined> {
    // Nobody can take anything from this group, so the API server need not be asked, nor even be up.
    if (caller.groups.includes("system:masters")) return undefined;
    const verb = VERBS[method] ?? "";
    const subresources = subresourcesOf(path);
    for (const subresource of subresources) {
      if (await this.#isAllowed(caller, verb, subresource)) return undefined;
    }
    return `Forbidden (user=${caller.name}, verb=${verb}, resource=nodes, subresource(s)=[${subresources.join(" ")}])`;
  }

  async #isAllowed(caller: Caller, verb: string, subresource: string): Promise<boolean> {
    const key = JSON.stringify([caller.name, caller.groups, caller.extra, verb, subresource]);
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const review = await this.#client.create<SubjectAccessReview>(subjectaccessreviews, {
      metadata: {},
      spec: {
        user: caller.name,
        groups: caller.groups,
        ...(caller.uid === undefined ? {} : { uid: caller.uid }),
        ...(caller.extra === undefined ? {} : { extra: caller.extra }),
        resourceAttributes: { verb, version: "v1", resource: "nodes", subresource, name: this.#nodeName },
      },
    });
    const allowed = review.status?.allowed === true;
    this.#answers.set(key, allowed, allowed ? ALLOWED_TTL_MS : DENIED_TTL_MS);
    return allowed;
  }
}
