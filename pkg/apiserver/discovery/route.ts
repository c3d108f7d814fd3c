import type { Route } from "../types.ts";
import { createDiscovery, type DiscoveryOptions } from "./discovery.ts";

/** Discovery as a route of the API server. */
export function discoveryRoute(options: DiscoveryOptions): Route {
  const discovery = createDiscovery(options);
  return {
    name: "discovery",
    matches: (info) => !info.isResource && discovery.find(info.path) !== undefined,
    handle: async (context) => {
      const handler = discovery.find(context.info.path);
      if (handler === undefined) throw new Error(`no document at ${context.info.path}`);
      return handler(context);
    },
  };
}
