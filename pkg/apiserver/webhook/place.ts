import type { WebhookClientConfig } from "#pkg/api/types/admissionregistration-v1.ts";
import type { Service } from "#pkg/api/types/core-v1.ts";
import type { EndpointSlice } from "#pkg/api/types/discovery-v1.ts";
import type { ObjectReader } from "../types.ts";
import { WebhookCallError } from "./types.ts";

/** Where to connect: the url's own host, or an endpoint of the service. */
export interface WebhookPlace {
  readonly host: string;
  readonly port: number;
}

const HTTPS_PORT = 443;

/** What a webhook is called by, in the certificate and in errors. @throws WebhookCallError */
export function urlOf(config: WebhookClientConfig): URL {
  const { service } = config;
  if (service !== undefined) {
    const { namespace, name, path = "", port = HTTPS_PORT } = service;
    const url = new URL(`https://${name}.${namespace}.svc:${port}`);
    url.pathname = path;
    return url;
  }
  if (config.url === undefined || !URL.canParse(config.url))
    throw new WebhookCallError("unresolved", "webhook configuration must have either service or URL");
  const url = new URL(config.url);
  if (url.protocol !== "https:") throw new WebhookCallError("unresolved", `${config.url} must use the https scheme`);
  return url;
}

/**
 * The place of a webhook. A service is a ready endpoint of it, picked at random, since its ClusterIP is only routable
 * where a proxy runs on the same host (upstream's --enable-aggregator-routing). @throws WebhookCallError
 */
export function placeOf({ service }: WebhookClientConfig, url: URL, reader: ObjectReader): WebhookPlace {
  const port = url.port === "" ? HTTPS_PORT : Number(url.port);
  if (service !== undefined) return endpointOf(reader, service.namespace, service.name, port);
  return { host: url.hostname.replace(/^\[|\]$/g, ""), port };
}

function endpointOf(reader: ObjectReader, namespace: string, name: string, port: number): WebhookPlace {
  const failed = (why: string): WebhookCallError => new WebhookCallError("unresolved", why);
  const service = reader.get("services", namespace, name) as Service | undefined;
  if (service === undefined) throw failed(`service "${name}" not found`);
  const { spec } = service;
  if (spec?.type === "ExternalName") return { host: spec.externalName ?? "", port };
  const wanted = spec?.ports?.find((each) => each.port === port);
  if (wanted === undefined) throw failed(`no service port ${port} found for service "${name}"`);
  const slices = reader.list("discovery.k8s.io/endpointslices", namespace) as readonly EndpointSlice[];
  const candidates = slices
    .filter((slice) => slice.metadata.labels?.["kubernetes.io/service-name"] === name)
    .flatMap((slice) => {
      const at = slice.ports?.find((each) => (each.name ?? "") === (wanted.name ?? ""))?.port;
      if (at === undefined) return [];
      const ready = (slice.endpoints ?? []).filter((endpoint) => endpoint.conditions?.ready !== false);
      return ready.flatMap((endpoint) => endpoint.addresses.map((host) => ({ host, port: at })));
    });
  const picked = candidates[Math.floor(Math.random() * candidates.length)];
  if (picked === undefined) throw failed(`no endpoints available for service "${name}"`);
  return picked;
}
