import { type Build, createDiscovery, type Discovery, type RemoteGroups } from "./discovery/index.ts";
import { versionInfo } from "./discovery/version.ts";
import { headOf } from "./http/metric-text.ts";
import { createOpenApi, type RemoteDocuments } from "./openapi/index.ts";
import type { ResourceTable, Route } from "./types.ts";

const OTHER_PATHS = ["/healthz", "/livez", "/metrics", "/openapi/v2", "/openapi/v3", "/readyz"];

/** What the server says it is when nobody tells (tests); cmd gives the real build. */
const DEFAULT_BUILD: Build = {
  gitVersion: "v1.36.0+minik",
  gitCommit: "",
  buildDate: "1970-01-01T00:00:00Z",
};

/** Discovery and OpenAPI as routes. */
export function documentRoutes(
  resources: ResourceTable,
  options: {
    readonly serverAddress?: string;
    readonly build?: Partial<Build>;
    readonly remoteGroups?: RemoteGroups;
    readonly remoteDocuments?: RemoteDocuments;
  },
): Route[] {
  const build = { ...DEFAULT_BUILD, ...options.build };
  const definitions = () => resources.all();
  const discovery = createDiscovery({
    definitions,
    ...(options.remoteGroups === undefined ? {} : { remote: options.remoteGroups }),
    serverAddress: options.serverAddress ?? "127.0.0.1:6443",
    build,
    otherPaths: OTHER_PATHS,
  });
  return [
    routeOf("discovery", discovery),
    routeOf(
      "openapi",
      createOpenApi({
        definitions,
        gitVersion: build.gitVersion,
        ...(options.remoteDocuments === undefined ? {} : { remote: options.remoteDocuments }),
      }),
    ),
  ];
}

/** kubernetes_build_info, as lines of Prometheus text. */
export function buildMetrics(build: Partial<Build> | undefined): string[] {
  const info = Object.entries(versionInfo({ ...DEFAULT_BUILD, ...build }));
  const names = ["major", "minor", "gitVersion", "gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler"];
  const labels = info
    .filter(([name]) => name === "platform" || names.includes(name))
    .map(([name, value]) => `${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}="${String(value)}"`);
  return [
    ...headOf("kubernetes_build_info", "gauge", "What was built, as labels of a constant 1."),
    `kubernetes_build_info{${labels.join(",")}} 1`,
  ];
}

function routeOf(name: string, documents: Pick<Discovery, "find">): Route {
  return {
    name,
    matches: (info) => !info.isResource && documents.find(info.path) !== undefined,
    async handle(context) {
      const handler = documents.find(context.info.path);
      if (handler === undefined) throw new Error(`No document at ${context.info.path}`);
      return handler(context);
    },
  };
}
