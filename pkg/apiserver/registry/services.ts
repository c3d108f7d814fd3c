import type { ResourceDefinition } from "#pkg/api/definition.ts";
import type { KubeObject, Mutable } from "#pkg/api/resource-ref.ts";
import type { Decode } from "#pkg/api/schema/decoder.ts";
import { type GroupResource, notFound } from "#pkg/errors/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import type { Store } from "#pkg/store/types.ts";
import type { AdmissionChain } from "../admission/index.ts";
import type { FieldManager } from "../fieldmanager/index.ts";
import type { Cache, Entry, ResourceCache, Stored } from "../cache/index.ts";
import type { Authorizer, RequestContext, ResourceHooks, ResourceTable, TokenIssuer, TokenVerdict } from "../types.ts";
import type { YamlCodec } from "../yaml/index.ts";

/** An API object that the request owns and may change. */
export type Obj = Mutable<KubeObject> & Record<string, any>; // oxlint-disable-line no-explicit-any -- any kind of object passes here

/** What the verbs work with. */
export interface RegistryServices {
  readonly store: Store<Stored>;
  readonly cache: Cache;
  readonly resources: ResourceTable;
  readonly admission: AdmissionChain;
  /** By "plural" or "group/plural". */
  readonly hooks: Readonly<Record<string, ResourceHooks>>;
  readonly decoder: (definition: ResourceDefinition) => Decode;
  /** Of a named built-in type, "io.k8s.api.policy.v1.Eviction". */
  readonly typeDecoder: (name: string) => Decode;
  /** Absent: tokens cannot be asked for. */
  readonly tokens: TokenIssuer | undefined;
  readonly authenticateToken: (token: string, audiences: readonly string[]) => Promise<TokenVerdict>;
  readonly authorizer: Authorizer;
  /** Parses the bodies that are YAML. */
  readonly yaml: YamlCodec;
  /** Who owns which field. */
  readonly fields: FieldManager;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly waits: RegistryWaits;
}

/** Times in milliseconds that tests shorten. */
export interface RegistryWaits {
  /** How long a read waits for a revision that is not there yet. */
  readonly revisionMs: number;
  /** Between the bookmarks of a watch. */
  readonly bookmarkMs: number;
  /** From a watch's last bookmark to its end, so that its client knows where to go on. */
  readonly lastBookmarkMs: number;
}

/** As upstream has them. */
export const REGISTRY_WAITS: RegistryWaits = { revisionMs: 3_000, bookmarkMs: 60_000, lastBookmarkMs: 2_000 };

/** One request for one resource. */
export interface Target {
  readonly context: RequestContext;
  readonly definition: ResourceDefinition;
  readonly cache: ResourceCache;
  /** "" for cluster-scoped resources and for lists over all namespaces. */
  readonly namespace: string;
  readonly name: string;
}

export function groupResource(definition: ResourceDefinition): GroupResource {
  return { group: definition.group, plural: definition.plural };
}

/** The object's entry, to be read with `as`; waits only where a webhook converts it. @throws 404 */
export function existingReady(target: Target): Entry | Promise<Entry> {
  const entry = existing(target);
  const wait = entry.ready(target.definition);
  return wait === undefined ? entry : wait.then(() => entry);
}

/** As it is stored, or where no webhook converts. @throws 404 */
export function existing(target: Target): Entry {
  const entry = target.cache.get(target.namespace, target.name);
  if (entry === undefined) throw notFound(groupResource(target.definition), target.name);
  return entry;
}
