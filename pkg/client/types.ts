/**
 * How every component reads and writes the cluster. A `Client` is a thin typed layer over a `Transport`; which
 * transport (in-process, a worker's message port, HTTPS) is decided in cmd alone.
 */
import type { KubeObject, NewObject, ResourceRef } from "#pkg/api/resource-ref.ts";
import type { DeleteOptions, ListMeta, Status } from "#pkg/api/types/meta-v1.ts";

/** One call of the API, without encoding or connection. */
export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Absolute path, each segment already percent-encoded: "/api/v1/namespaces/a/pods/b". */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Plain JSON data. */
  readonly body?: unknown;
  /** Only patches set it; otherwise JSON. */
  readonly contentType?: PatchType;
  /** Lists and watches of PartialObjectMetadata. In-process callers may get whole objects, which cost nothing there. */
  readonly metadataOnly?: boolean;
  readonly signal?: AbortSignal;
}

export type PatchType =
  | "application/json-patch+json"
  | "application/merge-patch+json"
  | "application/strategic-merge-patch+json"
  | "application/apply-patch+yaml";

export interface WatchEvent<T = KubeObject> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  /** For ERROR a Status, which the client throws as an ApiError instead of yielding it. */
  readonly object: T;
}

/** Carries requests to an API server. Failures reject with ApiError, or with the cause when nobody answered. */
export interface Transport {
  /** Resolves to the decoded body (JSON), or to the text of other content types (logs). */
  request(request: ApiRequest): Promise<unknown>;
  /** A watch; ends when the server ends it, rejects when the connection breaks. Abort the signal to stop. */
  watch(request: ApiRequest): AsyncIterable<WatchEvent>;
  close(): Promise<void>;
}

export interface ObjectName {
  readonly namespace?: string;
  readonly name: string;
}

export interface ListOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: "Exact" | "NotOlderThan";
  /** Objects carry their metadata alone (PartialObjectMetadata): all that who counts or links objects needs. */
  readonly metadataOnly?: boolean;
  readonly signal?: AbortSignal;
}

export interface WatchOptions extends Omit<ListOptions, "limit" | "continue"> {
  readonly allowWatchBookmarks?: boolean;
  readonly timeoutSeconds?: number;
}

export interface WriteOptions {
  /** "status", "scale", "binding", "eviction", "token", … */
  readonly subresource?: string;
  readonly dryRun?: boolean;
  readonly fieldManager?: string;
  readonly force?: boolean;
  readonly signal?: AbortSignal;
}

export interface ObjectList<T> {
  readonly metadata: ListMeta;
  readonly items: readonly T[];
}

export interface Client {
  get<T>(
    resource: ResourceRef<T>,
    at: ObjectName,
    options?: { readonly subresource?: string; readonly signal?: AbortSignal },
  ): Promise<T>;
  list<T>(resource: ResourceRef<T>, options?: ListOptions): Promise<ObjectList<T>>;
  watch<T>(resource: ResourceRef<T>, options?: WatchOptions): AsyncIterable<WatchEvent<T>>;
  /** The namespace comes from the object's metadata. */
  create<T>(resource: ResourceRef<T>, object: NewObject<T>, options?: WriteOptions): Promise<T>;
  /** Writes to a subresource take and return other kinds: `create(pods, …, { subresource: "binding" })` goes through this. */
  createSub<R>(
    resource: ResourceRef<unknown>,
    at: ObjectName,
    subresource: string,
    body: unknown,
    options?: WriteOptions,
  ): Promise<R>;
  /** PUT; metadata.resourceVersion makes it conditional. */
  update<T>(resource: ResourceRef<T>, object: T, options?: WriteOptions): Promise<T>;
  updateStatus<T>(resource: ResourceRef<T>, object: T, options?: WriteOptions): Promise<T>;
  patch<T>(
    resource: ResourceRef<T>,
    at: ObjectName,
    type: PatchType,
    patch: unknown,
    options?: WriteOptions,
  ): Promise<T>;
  delete(resource: ResourceRef<unknown>, at: ObjectName, options?: DeleteOptions): Promise<KubeObject | Status>;
  deleteCollection(resource: ResourceRef<unknown>, list: ListOptions, options?: DeleteOptions): Promise<void>;
  /** Anything else of the API: discovery, healthz, pod logs. */
  raw(request: ApiRequest): Promise<unknown>;
}
