import { apiVersionOf, type KubeObject, type NewObject, type ResourceRef } from "#pkg/api/resource-ref.ts";
import type { DeleteOptions, Status } from "#pkg/api/types/meta-v1.ts";
import { ApiError } from "#pkg/errors/index.ts";
import { resourcePath } from "./resource-path.ts";
import type {
  ApiRequest,
  Client,
  ListOptions,
  ObjectList,
  ObjectName,
  PatchType,
  Transport,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from "./types.ts";

/** The typed layer over a transport: paths from ResourceRefs, options as query parameters. */
export function createClient(transport: Transport): Client {
  return new TransportClient(transport);
}

class TransportClient implements Client {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  get<T>(
    resource: ResourceRef<T>,
    at: ObjectName,
    options: { readonly subresource?: string; readonly signal?: AbortSignal } = {},
  ): Promise<T> {
    const path = resourcePath(resource, { ...at, subresource: options.subresource });
    return this.#send({ method: "GET", path, ...signalOf(options) });
  }

  list<T>(resource: ResourceRef<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    return this.#send({
      method: "GET",
      path: resourcePath(resource, { namespace: options.namespace }),
      query: listQuery(options),
      ...formOf(options),
      ...signalOf(options),
    });
  }

  async *watch<T>(resource: ResourceRef<T>, options: WatchOptions = {}): AsyncGenerator<WatchEvent<T>> {
    const events = this.#transport.watch({
      method: "GET",
      path: resourcePath(resource, { namespace: options.namespace }),
      query: {
        ...listQuery(options),
        watch: true,
        allowWatchBookmarks: options.allowWatchBookmarks,
        timeoutSeconds: options.timeoutSeconds,
      },
      ...formOf(options),
      ...signalOf(options),
    });
    for await (const event of events) {
      if (event.type === "ERROR") throw ApiError.fromStatus(event.object as unknown as Status);
      yield event as WatchEvent<unknown> as WatchEvent<T>;
    }
  }

  create<T>(resource: ResourceRef<T>, object: NewObject<T>, options: WriteOptions = {}): Promise<T> {
    const { namespace, name } = (object as Partial<KubeObject>).metadata ?? {};
    if (resource.namespaced && namespace === undefined) {
      throw new TypeError(`Cannot create one of ${resource.plural} without a namespace`);
    }
    const path = resourcePath(resource, {
      namespace,
      ...(options.subresource === undefined ? {} : { name, subresource: options.subresource }),
    });
    return this.#send({ method: "POST", path, body: typed(resource, object), ...write(options) });
  }

  createSub<R>(
    resource: ResourceRef<unknown>,
    at: ObjectName,
    subresource: string,
    body: unknown,
    options: WriteOptions = {},
  ): Promise<R> {
    return this.#send({
      method: "POST",
      path: resourcePath(resource, { ...at, subresource }),
      body,
      ...write(options),
    });
  }

  update<T>(resource: ResourceRef<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const { namespace, name } = (object as KubeObject).metadata;
    const path = resourcePath(resource, { namespace, name, subresource: options.subresource });
    return this.#send({ method: "PUT", path, body: typed(resource, object), ...write(options) });
  }

  updateStatus<T>(resource: ResourceRef<T>, object: T, options: WriteOptions = {}): Promise<T> {
    return this.update(resource, object, { ...options, subresource: "status" });
  }

  patch<T>(
    resource: ResourceRef<T>,
    at: ObjectName,
    type: PatchType,
    patch: unknown,
    options: WriteOptions = {},
  ): Promise<T> {
    const path = resourcePath(resource, { ...at, subresource: options.subresource });
    return this.#send({ method: "PATCH", path, body: patch, contentType: type, ...write(options) });
  }

  delete(resource: ResourceRef<unknown>, at: ObjectName, options?: DeleteOptions): Promise<KubeObject | Status> {
    return this.#send({
      method: "DELETE",
      path: resourcePath(resource, at),
      ...(options === undefined ? {} : { body: deleteBody(options) }),
    });
  }

  async deleteCollection(resource: ResourceRef<unknown>, list: ListOptions, options?: DeleteOptions): Promise<void> {
    await this.#transport.request({
      method: "DELETE",
      path: resourcePath(resource, { namespace: list.namespace }),
      query: listQuery(list),
      ...(options === undefined ? {} : { body: deleteBody(options) }),
      ...signalOf(list),
    });
  }

  raw(request: ApiRequest): Promise<unknown> {
    return this.#transport.request(request);
  }

  #send<R>(request: ApiRequest): Promise<R> {
    return this.#transport.request(request) as Promise<R>;
  }
}

const signalOf = (options: { readonly signal?: AbortSignal }): { readonly signal?: AbortSignal } =>
  options.signal === undefined ? {} : { signal: options.signal };

const write = (options: WriteOptions): Pick<ApiRequest, "query" | "signal"> => ({
  query: {
    dryRun: options.dryRun === true ? "All" : undefined,
    fieldManager: options.fieldManager,
    force: options.force,
  },
  ...signalOf(options),
});

const listQuery = (options: ListOptions): ApiRequest["query"] => ({
  labelSelector: options.labelSelector,
  fieldSelector: options.fieldSelector,
  limit: options.limit,
  continue: options.continue,
  resourceVersion: options.resourceVersion,
  resourceVersionMatch: options.resourceVersionMatch,
});

const deleteBody = (options: DeleteOptions): DeleteOptions => ({
  kind: "DeleteOptions",
  apiVersion: "meta.k8s.io/v1",
  ...options,
});

/** Objects made in code rarely repeat what the ResourceRef already says; subresource bodies say their own kind. */
const typed = (resource: ResourceRef<unknown>, object: unknown): unknown => {
  const given = object as Partial<KubeObject>;
  if (given.apiVersion !== undefined && given.kind !== undefined) return object;
  return { apiVersion: apiVersionOf(resource), kind: resource.kind, ...given };
};

const formOf = (options: ListOptions): Pick<ApiRequest, "metadataOnly"> =>
  options.metadataOnly === true ? { metadataOnly: true } : {};
