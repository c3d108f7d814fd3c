import type { ResourceDefinition } from "#pkg/api/definition.ts";
import { builtinDefinitions } from "#pkg/api/schema/load.ts";
import { createClient } from "#pkg/client/index.ts";
import type { Transport } from "#pkg/client/types.ts";
import type { Logger } from "#pkg/log/index.ts";
import type { Store } from "#pkg/store/types.ts";
import { AdmissionChain } from "./admission/index.ts";
import { type AggregationOptions, Aggregator } from "./aggregation/index.ts";
import {
  mastersAuthorizer,
  RbacAuthorizer,
  RbacEscalation,
  ServiceAccountTokens,
  type ServiceAccountTokensOptions,
  systemPolicyAuthorizer,
  unionAuthorizer,
} from "./auth/index.ts";
import { Cache, type Stored } from "./cache/index.ts";
import type { Build } from "./discovery/index.ts";
import { CRD_PREFIX, cleanupHooks, CustomResources, dynamicResources } from "./customresources/index.ts";
import { buildMetrics, documentRoutes } from "./document-routes.ts";
import { EventExpiry } from "./event-expiry.ts";
import { FieldManager } from "./fieldmanager/index.ts";
import { DanglingStatus, FlowController, flowDumpRoute, flowMetrics } from "./flowcontrol/index.ts";
import { healthRoute } from "./health.ts";
import {
  InFlight,
  listenHttps,
  type ListenOptions,
  metricsRoute,
  RequestMetrics,
  type RunningListener,
} from "./http/index.ts";
import { MeasuredStore } from "./measured-store.ts";
import { ownWriter } from "./own-writer.ts";
import { Pipeline } from "./pipeline.ts";
import {
  DefinitionTable,
  isStored,
  Registry,
  REGISTRY_WAITS,
  type RegistryServices,
  type RegistryWaits,
} from "./registry/index.ts";
import { createInProcessTransport } from "./transport/index.ts";
import type { AdmissionPlugin, ResourceHooks, Route, ServerParts, UserInfo } from "./types.ts";
import { YamlCodec, type YamlThreadOptions } from "./yaml/index.ts";

export interface ApiServerOptions {
  /** Opened with `storedCodec`; closed by whoever opened it. */
  readonly store: Store<Stored>;
  readonly log: Logger;
  /** The built-in resources unless told. */
  readonly definitions?: readonly ResourceDefinition[];
  readonly admission?: (parts: ServerParts) => readonly AdmissionPlugin[];
  /** Allocators by "plural" or "group/plural". */
  readonly hooks?: (parts: ServerParts) => Readonly<Record<string, ResourceHooks>>;
  /** Documents and streams; the first that matches answers before the resource verbs. */
  readonly routes?: (parts: ServerParts) => readonly Route[];
  /** Signs and checks service-account tokens; without it there are none. */
  readonly serviceAccounts?: Omit<ServiceAccountTokensOptions, "reader" | "now">;
  /** Keeps APIServices and hands on what others answer; without it they are only stored. */
  readonly aggregation?: AggregationOptions;
  /** "HOST:PORT" that discovery names. */
  readonly serverAddress?: string;
  /** What /version says; minik's own build unless told. */
  readonly build?: Partial<Build>;
  /** Upstream's --max-requests-inflight and --max-mutating-requests-inflight: together the seats of all priority levels. */
  readonly maxRequestsInflight?: number;
  readonly maxMutatingRequestsInflight?: number;
  /** How long an Event stays after its last write; an hour, as upstream, unless told. */
  readonly eventTtlMs?: number;
  /** Where large YAML is parsed and rendered; in a thread from the sources unless told. */
  readonly yaml?: YamlThreadOptions;
  /** Milliseconds since 1970; tests set it. */
  readonly now?: () => number;
  /** Upstream's unless told. */
  readonly waits?: Partial<RegistryWaits>;
}

/** As whom the server itself writes to its API. */
const OWN_USER: UserInfo = { name: "system:apiserver", groups: ["system:masters", "system:authenticated"] };
/** Upstream's defaults of both together. */
const MAX_REQUESTS_INFLIGHT = 400;
const MAX_MUTATING_REQUESTS_INFLIGHT = 200;
/** Asked for to see that the store answers; nothing is there. */
const HEALTH_KEY = "/registry/health";
/** Upstream's --event-ttl. */
const EVENT_TTL_MS = 3_600_000;

/** A running API server without a network: transports and listeners are attached to it. */
export interface ApiServer extends ServerParts {
  readonly pipeline: Pipeline;
  /** Absent without `serviceAccounts`. */
  readonly tokens: ServiceAccountTokens | undefined;
  /** The API for a component in this thread, as this user. */
  transport(user: UserInfo): Transport;
  /** Serves HTTPS. `close` of the server ends it too. */
  listen(options: ListenOptions): Promise<RunningListener>;
  /** The revision that reads have reached. */
  readonly revision: number;
  close(): Promise<void>;
}

/** Reads the whole store into the cache, then answers. */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { log } = options;
  const store = new MeasuredStore(options.store);
  const resources = new DefinitionTable(options.definitions ?? builtinDefinitions());
  const cache = await Cache.open(
    store,
    resources
      .all()
      .filter(isStored)
      .map(({ storage, namespaced }) => ({ prefix: storage.prefix, namespaced })),
    dynamicResources,
  );
  const authorizer = unionAuthorizer([mastersAuthorizer, systemPolicyAuthorizer, new RbacAuthorizer(cache)]);
  const now = options.now ?? Date.now;
  const tokens =
    options.serviceAccounts === undefined
      ? undefined
      : new ServiceAccountTokens({ ...options.serviceAccounts, reader: cache, now });
  const parts: ServerParts = { reader: cache, writer: ownWriter(store, cache), resources, authorizer };
  const services: RegistryServices = {
    store,
    cache,
    resources,
    log,
    admission: new AdmissionChain([...(options.admission?.(parts) ?? []), new RbacEscalation(parts)]),
    hooks: { ...options.hooks?.(parts), [CRD_PREFIX]: cleanupHooks(now) },
    decoder: (definition) => resources.decoder(definition),
    typeDecoder: (name) => resources.builtinDecoder(name),
    tokens,
    authenticateToken: async (token, audiences) =>
      tokens === undefined
        ? { user: undefined, audiences: [], error: "unknown token" }
        : tokens.verify(token, audiences),
    authorizer,
    yaml: new YamlCodec(options.yaml),
    fields: new FieldManager(resources),
    now,
    waits: { ...REGISTRY_WAITS, ...options.waits },
  };
  const registry = new Registry(services);
  const metrics = new RequestMetrics({
    isKnown({ group, version, resource, subresource }) {
      const known = resources.find(group, version, resource);
      return known !== undefined && (subresource === "" || Object.hasOwn(known.subresources, subresource));
    },
  });
  const inFlight = new InFlight();
  const hasFlowSchemas = cache.has("flowcontrol.apiserver.k8s.io/flowschemas");
  const flow = new FlowController({
    reader: hasFlowSchemas ? cache : undefined,
    seats:
      (options.maxRequestsInflight ?? MAX_REQUESTS_INFLIGHT) +
      (options.maxMutatingRequestsInflight ?? MAX_MUTATING_REQUESTS_INFLIGHT),
    count: (resource, namespace) => (cache.has(resource) ? cache.resource(resource).count(namespace) : 0),
  });
  const aggregator =
    options.aggregation === undefined
      ? undefined
      : new Aggregator({ ...options.aggregation, reader: cache, resources, log, now });
  const closing = new AbortController();
  const moreMetrics = (): string[] => {
    const lines = [...flowMetrics(flow), ...services.admission.metrics(), ...store.metrics()];
    lines.push(...buildMetrics(options.build));
    metrics.access.write(lines, pipeline.decisions);
    return lines;
  };
  const routes = [
    ...(aggregator === undefined ? [] : [aggregator.route]),
    metricsRoute(metrics, inFlight, async () => {
      const { sizeBytes, walBytes } = await store.stats();
      return { objects: cache.sizes(), storeBytes: sizeBytes + walBytes, more: moreMetrics() };
    }),
    flowDumpRoute(flow),
    ...(options.routes?.(parts) ?? []),
    healthRoute({
      log: () => true,
      etcd: async () => (await store.get(HEALTH_KEY)) === undefined,
      "informer-sync": () => cache.revision >= 0,
      shutdown: () => !closing.signal.aborted,
    }),
    ...documentRoutes(resources, {
      ...options,
      ...(aggregator === undefined ? {} : { remoteGroups: aggregator.groups, remoteDocuments: aggregator.documents }),
    }),
  ];
  const pipeline = new Pipeline({ registry, authorizer, routes });
  const listeners: RunningListener[] = [];
  const ownClient = createClient(createInProcessTransport(pipeline, OWN_USER));
  const customResources = cache.has(CRD_PREFIX)
    ? (await CustomResources.open({ services, resources, client: ownClient, user: OWN_USER })).start(closing.signal)
    : undefined;
  const dangling = hasFlowSchemas
    ? new DanglingStatus({
        reader: cache,
        client: createClient(createInProcessTransport(pipeline, OWN_USER)),
        log,
        now,
      }).start(closing.signal)
    : undefined;
  const expiring = resources.all().some(({ group, plural }) => group === "" && plural === "events")
    ? new EventExpiry({
        cache: cache.resource("events"),
        store,
        log,
        ttlMs: options.eventTtlMs ?? EVENT_TTL_MS,
        now,
      }).start(closing.signal)
    : undefined;
  const aggregating = aggregator?.start(createClient(createInProcessTransport(pipeline, OWN_USER)), closing.signal);
  return {
    ...parts,
    pipeline,
    tokens,
    async listen(at) {
      const listener = await listenHttps({ pipeline, tokens, metrics, inFlight, flow, yaml: services.yaml, log }, at);
      listeners.push(listener);
      return listener;
    },
    transport: (user) => createInProcessTransport(pipeline, user),
    get revision() {
      return cache.revision;
    },
    async close() {
      closing.abort();
      await Promise.all([customResources, expiring, dangling]);
      await aggregating;
      await Promise.all(listeners.map((listener) => listener.close()));
      await services.yaml.close();
      cache.close();
    },
  };
}
