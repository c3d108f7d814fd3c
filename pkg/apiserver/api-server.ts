import type { ResourceDefinition } from "#pkg/api/definition.ts";
import { builtinDefinitions } from "#pkg/api/schema/load.ts";
import type { Transport } from "#pkg/client/types.ts";
import type { Logger } from "#pkg/log/index.ts";
import type { Store } from "#pkg/store/types.ts";
import { AdmissionChain } from "./admission/chain.ts";
import { mastersAuthorizer, unionAuthorizer } from "./auth/union.ts";
import { Cache, type Stored } from "./cache/index.ts";
import { Pipeline } from "./pipeline.ts";
import { Registry } from "./registry/registry.ts";
import { DefinitionTable, isStored } from "./registry/resource-table.ts";
import { createInProcessTransport } from "./transport/in-process.ts";
import type { AdmissionPlugin, Authorizer, ResourceHooks, Route, ServerParts, UserInfo } from "./types.ts";

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
  /** Asked after system:masters. */
  readonly authorizers?: (parts: Pick<ServerParts, "reader" | "resources">) => readonly Authorizer[];
  /** Milliseconds since 1970; tests set it. */
  readonly now?: () => number;
}

/** A running API server without a network: transports and listeners are attached to it. */
export interface ApiServer extends ServerParts {
  readonly pipeline: Pipeline;
  /** The API for a component in this thread, as this user. */
  transport(user: UserInfo): Transport;
  /** The revision that reads have reached. */
  readonly revision: number;
  close(): Promise<void>;
}

/** Reads the whole store into the cache, then answers. */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { store, log } = options;
  const resources = new DefinitionTable(options.definitions ?? builtinDefinitions());
  const cache = await Cache.open(
    store,
    resources
      .all()
      .filter(isStored)
      .map(({ storage, namespaced }) => ({ prefix: storage.prefix, namespaced })),
  );
  const authorizer = unionAuthorizer([
    mastersAuthorizer,
    ...(options.authorizers?.({ reader: cache, resources }) ?? []),
  ]);
  const parts: ServerParts = { reader: cache, resources, authorizer };
  const registry = new Registry({
    store,
    cache,
    resources,
    log,
    admission: new AdmissionChain(options.admission?.(parts) ?? []),
    hooks: options.hooks?.(parts) ?? {},
    decoder: (definition) => resources.decoder(definition),
    metaDecoder: (kind) => {
      const any = resources.all()[0] as ResourceDefinition;
      return resources.namedDecoder(any.definitions, `io.k8s.apimachinery.pkg.apis.meta.v1.${kind}`);
    },
    now: options.now ?? Date.now,
  });
  const pipeline = new Pipeline({ registry, authorizer, routes: options.routes?.(parts) ?? [] });
  return {
    ...parts,
    pipeline,
    transport: (user) => createInProcessTransport(pipeline, user),
    get revision() {
      return cache.revision;
    },
    close: async () => cache.close(),
  };
}
