import type { Route } from "../types.ts";
import { createOpenApi, type OpenApiOptions } from "./openapi.ts";

/** The OpenAPI documents as a route of the API server. */
export function openApiRoute(options: OpenApiOptions): Route {
  const openApi = createOpenApi(options);
  return {
    name: "openapi",
    matches: (info) => info.path.startsWith("/openapi/v") && openApi.find(info.path) !== undefined,
    handle: async (context) => {
      const handler = openApi.find(context.info.path);
      if (handler === undefined) throw new Error(`no document at ${context.info.path}`);
      return handler(context);
    },
  };
}
