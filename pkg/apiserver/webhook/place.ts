import type { WebhookClientConfig } from "#pkg/api/types/admissionregistration-v1.ts";
import type { Service } from "#pkg/api/types/core-v1.ts";
import { anyEndpoint, type Endpoint, servicePort } from "../service-endpoint.ts";
import type { ObjectReader } from "../types.ts";
import { WebhookCallError } from "./types.ts";

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

/** Where to connect: the url's own host, or an endpoint of the service. @throws WebhookCallError */
export function placeOf({ service }: WebhookClientConfig, url: URL, reader: ObjectReader): Endpoint {
  const port = url.port === "" ? HTTPS_PORT : Number(url.port);
  if (service !== undefined) return endpointOf(reader, service.namespace, service.name, port);
  return { host: url.hostname.replace(/^\[|\]$/g, ""), port };
}

function endpointOf(reader: ObjectReader, namespace: string, name: string, port: number): Endpoint {
  const failed = (why: string): WebhookCallError => new WebhookCallError("unresolved", why);
  const service = reader.get("services", namespace, name) as Service | undefined;
  if (service === undefined) throw failed(`service "${name}" not found`);
  const { spec } = service;
  if (spec?.type === "ExternalName") return { host: spec.externalName ?? "", port };
  const wanted = servicePort(service, port);
  if (wanted === undefined) throw failed(`no service port ${port} found for service "${name}"`);
  const picked = anyEndpoint(reader, namespace, name, wanted.name ?? "");
  if (picked === undefined) throw failed(`no endpoints available for service "${name}"`);
  return picked;
}
