/**
 * APIService aggregation, upstream's kube-aggregator:
 *
 *   APIService objects ─▶ RemoteServices ─┬─▶ proxy       /apis/GROUP/VERSION/… of a remote one
 *        ▲        ▲                       ├─▶ discovery   its resources, and the order of all groups
 *        │        └ Availability ◀────────┤   (one GET answers both)
 *        └ LocalServices                  └─▶ OpenAPI     its documents, fetched when somebody asks
 */
import type { Client } from "#pkg/client/types.ts";
import type { Logger } from "#pkg/log/index.ts";
import type { ObjectReader, ResourceTable } from "../types.ts";

/** With which extension servers know this one: PEM, signed by the front-proxy authority. */
export interface FrontProxyTls {
  readonly cert: string;
  readonly key: string;
}

export interface AggregationOptions {
  /** Asked for each connection, since certificates renew while running. */
  readonly frontProxyTls: () => FrontProxyTls;
  /** Extension servers are looked at this often besides changes; 30 s, as upstream, unless told. */
  readonly resyncMs?: number;
}

export interface AggregationParts extends AggregationOptions {
  readonly reader: ObjectReader;
  readonly resources: ResourceTable;
  /** In-process, as the API server itself. */
  readonly client: Pick<Client, "create" | "update" | "updateStatus" | "delete">;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** One entry of apidiscovery.k8s.io/v2's APIVersionDiscovery. */
export interface RemoteResource {
  readonly resource: string;
  readonly [field: string]: unknown;
}
