import { createServer, type Server } from "node:http";
import type { Service } from "#pkg/api/types/core-v1.ts";
import type { Logger } from "#pkg/log/index.ts";

/**
 * Answers external load balancers on spec.healthCheckNodePort of Services with externalTrafficPolicy Local: 200 while
 * this node has an endpoint, 503 otherwise, with upstream's JSON body.
 */
export class HealthCheckNodePorts {
  readonly #servers = new Map<string, { readonly port: number; readonly server: Server; localEndpoints: number }>();
  readonly #log: Logger;
  constructor(parts: { readonly log: Logger }) {
    this.#log = parts.log;
  }

  /** @param localEndpoints how many endpoints of the Service run here */
  update(key: string, service: Service | undefined, localEndpoints: number): void {
    const { type, externalTrafficPolicy, healthCheckNodePort } = service?.spec ?? {};
    const port = type === "LoadBalancer" && externalTrafficPolicy === "Local" ? healthCheckNodePort : undefined;
    const known = this.#servers.get(key);
    if (known !== undefined && known.port === port) {
      known.localEndpoints = localEndpoints;
      return;
    }
    known?.server.close();
    this.#servers.delete(key);
    if (port === undefined || port === 0) return;
    const [namespace, name] = key.split("/");
    const entry = {
      port,
      localEndpoints,
      server: createServer((_, response) => {
        response.writeHead(entry.localEndpoints > 0 ? 200 : 503, {
          "content-type": "application/json",
          "x-load-balancing-endpoint-weight": String(entry.localEndpoints),
        });
        response.end(
          JSON.stringify({
            service: { namespace, name },
            localEndpoints: entry.localEndpoints,
            serviceProxyHealthy: true,
          }),
        );
      }),
    };
    entry.server.on("error", (err) =>
      this.#log.error("cannot serve the health check of a Service", { service: key, port, err }),
    );
    entry.server.listen(port);
    this.#servers.set(key, entry);
  }

  close(): void {
    for (const { server } of this.#servers.values()) server.close();
    this.#servers.clear();
  }
}
