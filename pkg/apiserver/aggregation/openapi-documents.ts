import { createHash } from "node:crypto";
import { sleep } from "#pkg/async/index.ts";
import type { RemoteDocuments, RemoteDocumentV2 } from "../openapi/index.ts";
import { fetchRemote } from "./remote-fetch.ts";
import type { RemoteService } from "./remote-service.ts";
import type { RemoteServices } from "./remote-services.ts";
import type { AggregationParts } from "./types.ts";

/** Kept documents are asked for again when they are older than this, and somebody wants them. */
const MAX_AGE_MS = 30_000;
/** Whoever asks for the merged document waits this long for a slow extension server. */
const PATIENCE_MS = 1_000;
const LIMITS = { timeoutMs: 10_000, maxBytes: 16 * 1024 * 1024 };

interface Kept {
  readonly v2: { readonly etag: string; readonly document: unknown } | undefined;
  /** The address of the group version's v3 document. */
  readonly v3: string | undefined;
}

/** OpenAPI of the extension servers: fetched when somebody asks and what is kept is old; else nothing runs. */
export class OpenApiDocuments implements RemoteDocuments {
  readonly #remotes: RemoteServices;
  readonly #parts: Pick<AggregationParts, "log" | "now">;
  readonly #kept = new WeakMap<RemoteService, Kept & { readonly at: number }>();
  readonly #fetching = new WeakMap<RemoteService, Promise<void>>();
  #generation = 1;

  constructor(remotes: RemoteServices, parts: Pick<AggregationParts, "log" | "now">) {
    this.#remotes = remotes;
    this.#parts = parts;
  }

  get generation(): number {
    return this.#generation + this.#remotes.membership;
  }

  async refresh(): Promise<void> {
    if (this.#remotes.size === 0) return;
    const now = this.#parts.now();
    const first: Promise<void>[] = [];
    for (const remote of this.#remotes.all()) {
      const kept = this.#kept.get(remote);
      if (!remote.available || (kept !== undefined && kept.at + MAX_AGE_MS > now)) continue;
      const fetched = this.#fetch(remote);
      // Who has something already gets that, and the newer the next time.
      if (kept === undefined) first.push(fetched);
    }
    if (first.length === 0) return;
    const patience = new AbortController();
    const late = sleep(PATIENCE_MS, patience.signal).catch(() => undefined);
    await Promise.race([Promise.all(first), late]);
    patience.abort();
  }

  v3(): ReadonlyMap<string, string> {
    const found = new Map<string, string>();
    for (const remote of this.#remotes.all()) {
      const address = this.#kept.get(remote)?.v3;
      if (address !== undefined) found.set(remote.path.slice(1), address);
    }
    return found;
  }

  v2(): readonly RemoteDocumentV2[] {
    return [...this.#remotes.all()].flatMap((remote) => {
      const v2 = this.#kept.get(remote)?.v2;
      return v2 === undefined ? [] : [{ base: remote.path, document: v2.document }];
    });
  }

  async #fetch(remote: RemoteService): Promise<void> {
    let fetching = this.#fetching.get(remote);
    if (fetching === undefined) {
      fetching = this.#fetchBoth(remote).finally(() => this.#fetching.delete(remote));
      this.#fetching.set(remote, fetching);
    }
    await fetching;
  }

  async #fetchBoth(remote: RemoteService): Promise<void> {
    const before = this.#kept.get(remote);
    const failed = (err: unknown): undefined => {
      this.#parts.log.debug("an extension server has no OpenAPI", { apiservice: remote.name, err });
      return undefined;
    };
    const [v2, v3] = await Promise.all([fetchV2(remote, before?.v2).catch(failed), fetchV3(remote).catch(failed)]);
    this.#kept.set(remote, { v2: v2 ?? before?.v2, v3: v3 ?? before?.v3, at: this.#parts.now() });
    if ((v2 ?? before?.v2) !== before?.v2) this.#generation++;
  }
}

async function fetchV2(remote: RemoteService, before: Kept["v2"]): Promise<Kept["v2"]> {
  const headers: Record<string, string> = before === undefined ? {} : { "if-none-match": before.etag };
  const answer = await fetchRemote(remote, "/openapi/v2", { ...LIMITS, headers });
  if (answer.status === 304) return before;
  if (answer.status !== 200) throw new Error(`bad status from ${answer.url}: ${answer.status}`);
  const etag = answer.headers.etag ?? `"${createHash("sha256").update(answer.body).digest("hex")}"`;
  if (etag === before?.etag) return before;
  return { etag, document: JSON.parse(answer.body.toString("utf8")) as unknown };
}

async function fetchV3(remote: RemoteService): Promise<string | undefined> {
  const answer = await fetchRemote(remote, "/openapi/v3", LIMITS);
  if (answer.status !== 200) throw new Error(`bad status from ${answer.url}: ${answer.status}`);
  const index = JSON.parse(answer.body.toString("utf8")) as { paths?: Record<string, { serverRelativeURL?: unknown }> };
  const key = remote.path.slice(1);
  const address =
    index.paths !== undefined && Object.hasOwn(index.paths, key) ? index.paths[key]?.serverRelativeURL : "";
  // Another path would be this server's own, or that of another extension server.
  const own = `/openapi/v3/${key}`;
  if (typeof address !== "string" || (address !== own && !address.startsWith(`${own}?`))) return undefined;
  return address;
}
