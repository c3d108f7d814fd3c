import type { RemoteGroups } from "../discovery/index.ts";
import type { RemoteDocuments } from "../openapi/index.ts";
import type { Route } from "../types.ts";
import { Availability } from "./availability.ts";
import { remoteGroups } from "./discovery.ts";
import { LocalServices } from "./local-services.ts";
import { OpenApiDocuments } from "./openapi-documents.ts";
import { proxyRoute } from "./proxy.ts";
import { RemoteServices } from "./remote-services.ts";
import type { AggregationParts } from "./types.ts";

/** Group versions that other API servers answer, as if they were this one's. */
export class Aggregator {
  readonly #parts: Omit<AggregationParts, "client">;
  readonly #remotes: RemoteServices;
  /** To be asked before every other that knows group versions. */
  readonly route: Route;
  readonly groups: RemoteGroups;
  readonly documents: RemoteDocuments;

  constructor(parts: Omit<AggregationParts, "client">) {
    this.#parts = parts;
    this.#remotes = new RemoteServices(parts);
    this.route = proxyRoute(this.#remotes, parts.log);
    this.groups = remoteGroups(this.#remotes);
    this.documents = new OpenApiDocuments(this.#remotes, parts);
  }

  /** Keeps APIServices and their conditions, as `client`, until the signal aborts. */
  async start(client: AggregationParts["client"], signal: AbortSignal): Promise<void> {
    const parts = { ...this.#parts, client };
    try {
      await Promise.all([new LocalServices(parts).start(signal), new Availability(parts, this.#remotes).start(signal)]);
    } finally {
      this.#remotes.close();
    }
  }
}
