/**
 * The API server's contracts. One pipeline answers every request, whoever carries it:
 *
 *   HTTPS (fastify) ─┐
 *   worker port ─────┼─▶ authenticate ─▶ authorize ─▶ route ─▶ Reply
 *   in-process ──────┘   (HTTPS only)                  ├─ resource verbs (registry/): decode ─▶ admit ─▶ validate ─▶ store
 *                                                      ├─ documents: discovery, OpenAPI, version, health, metrics
 *                                                      └─ node streams: log, exec, attach, portforward, proxy
 */
import type { IncomingMessage } from "node:http";
import type { Duplex, Readable } from "node:stream";
import type { ResourceDefinition } from "#pkg/api/definition.ts";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import type { SubjectRulesReviewStatus } from "#pkg/api/types/authorization-v1.ts";
import type { ListMeta } from "#pkg/api/types/meta-v1.ts";

/** Who asks. From a client certificate (CN, O), a service-account token, or attached by the in-process transport. */
export interface UserInfo {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** Upstream's RequestInfo: what a path and method mean, before anything looks at a body. */
export interface RequestInfo {
  readonly isResource: boolean;
  /** get, list, watch, create, update, patch, delete, deletecollection, connect is authorized as create/get; or the lowercase method for non-resource paths. */
  readonly verb: string;
  readonly path: string;
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  /** Plural; "namespaces" for /api/v1/namespaces/NAME itself. */
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** Path segments after the subresource (proxy paths), without a leading slash. */
  readonly rest: string;
}

export interface RequestContext {
  readonly info: RequestInfo;
  readonly method: string;
  /** Path without query, still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The query as it was written, without "?"; for proxies, whose backends may have signed it. */
  readonly rawQuery?: string;
  /** Lower-case header values; empty for in-process callers. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly user: UserInfo;
  /** Aborts when the caller is gone or the server drains. */
  readonly signal: AbortSignal;
  /** The raw body of HTTP callers, or the plain object of in-process callers. */
  readonly body: () => Promise<Uint8Array | object | undefined>;
  /** The body of an HTTP caller as it comes, unbounded, for proxies; undefined where none comes. Instead of `body`, once. */
  readonly bodyStream?: () => Readable | undefined;
  /** Texts for Warning headers. */
  readonly warn: (text: string) => void;
}

/** One object as it is served: text and decoded form are made on first use and kept. */
export interface ServedObject {
  readonly text: string;
  readonly object: KubeObject;
  readonly frozen: KubeObject;
}

/** What a route answers. Errors are thrown as ApiError. */
export type Reply =
  /** An object of a resource; the transport may show it as a Table or as PartialObjectMetadata. */
  | {
      readonly kind: "view";
      readonly status: number;
      readonly definition: ResourceDefinition;
      readonly view: ServedObject;
    }
  | {
      readonly kind: "list";
      readonly definition: ResourceDefinition;
      readonly metadata: ListMeta;
      readonly views: readonly ServedObject[];
    }
  /** One object; `text` is its JSON when it was already encoded, and is preferred over encoding `object` again. */
  | { readonly kind: "object"; readonly status: number; readonly object: object; readonly text?: string | Uint8Array }
  | {
      readonly kind: "bytes";
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string | Uint8Array;
    }
  /** Chunks as they come: logs, proxied bodies. */
  | {
      readonly kind: "stream";
      readonly status: number;
      /** A header of several lines (Set-Cookie) is a list. */
      readonly headers: Readonly<Record<string, string | string[]>>;
      readonly body: AsyncIterable<string | Uint8Array>;
    }
  /** A watch; the transport frames it (chunked JSON lines, WebSocket messages, port messages). */
  | {
      readonly kind: "watch";
      readonly definition: ResourceDefinition;
      readonly start: (sink: WatchSink) => () => void;
    };

/** One event on its way to watchers. Each form is made once, on first use, however many watch it. */
export interface ServedEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  /** `{"type":…,"object":…}\n` */
  readonly text: string;
  /** As `text`, without the object's managedFields; absent where an event comes from elsewhere. */
  readonly leanText?: string;
  /** As `leanText`, of the object's PartialObjectMetadata; absent where that takes decoding. */
  readonly partialText?: string | undefined;
  readonly bytes: Uint8Array;
  /** Frozen. */
  readonly object: KubeObject;
}

/** Where a watch delivers. */
export interface WatchSink {
  /** False when the sink's buffer is full: the watcher is then cut. */
  send(event: ServedEvent): boolean;
  end(): void;
}

export type Handler = (context: RequestContext) => Promise<Reply>;

/** Takes over the socket of an HTTP/1.1 Upgrade request (exec, attach, portforward, proxied upgrades, watch by WebSocket). */
export type UpgradeHandler = (
  context: RequestContext,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
) => Promise<void>;

/** Finds who asks; undefined passes to the next authenticator. A wrong credential throws unauthorized(). */
export interface Authenticator {
  authenticate(request: {
    readonly headers: RequestContext["headers"];
    readonly peerCertificate: Uint8Array | undefined;
    /** Names and values in turn, where a header of several lines must not be one text. */
    readonly rawHeaders?: readonly string[];
  }): UserInfo | undefined | Promise<UserInfo | undefined>;
}

export interface Decision {
  readonly decision: "allow" | "deny" | "no-opinion";
  readonly reason: string;
}

export interface Authorizer {
  /** `reason` goes into the Forbidden message. "no-opinion" passes to the next authorizer. */
  authorize(user: UserInfo, info: RequestInfo): Decision | Promise<Decision>;
  /** What a user may do in a namespace (SelfSubjectRulesReview); absent where that cannot be told. */
  rulesFor?(user: UserInfo, namespace: string): Promise<SubjectRulesReviewStatus>;
}

/** The context of one write on its way through admission. `object` may be changed by mutating plugins. */
export interface AdmissionAttributes {
  readonly operation: "CREATE" | "UPDATE" | "DELETE" | "CONNECT";
  /** With the object's own name and namespace; a Namespace is in the namespace of its own name, as upstream has it. */
  readonly info: RequestInfo;
  /** Of `object` and `old`: the resource's, or that of a subresource's own body (Scale, Binding, PodExecOptions). */
  readonly kind: GroupVersionKind;
  /** Of the resource, also where the request is for a subresource of it. */
  readonly definition: ResourceDefinition;
  readonly user: UserInfo;
  readonly object: any; // oxlint-disable-line no-explicit-any -- any kind of object passes here
  readonly old: any; // oxlint-disable-line no-explicit-any -- any kind of object passes here
  /** CreateOptions, UpdateOptions (of patches too) or DeleteOptions as JSON; undefined for CONNECT. */
  readonly options: object | undefined;
  /**
   * What somebody outside made of `object`, as an object of `kind`: decoded, with defaults, and with the metadata that
   * only the server writes. `replaceObject` puts it in place. @throws 400
   */
  readonly decode: (value: unknown) => any; // oxlint-disable-line no-explicit-any -- any kind of object passes here
  /** Calls back when the write is over: stored, and seen by readers, or refused. */
  readonly whenDone: (listener: () => void) => void;
  readonly dryRun: boolean;
  readonly warn: (text: string) => void;
  /** Aborts with the request. */
  readonly signal: AbortSignal;
}

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface AdmissionPlugin {
  readonly name: string;
  /** What it is about: "plural" or "group/plural", with their subresources. Everything unless told. */
  readonly resources?: readonly string[];
  admit?(attributes: AdmissionAttributes, pass: AdmissionPass): void | Promise<void>;
  validate?(attributes: AdmissionAttributes): void | Promise<void>;
  /** Lines of /metrics; asked of plugins that validate. */
  metrics?(): readonly string[];
}

/** One run of the mutating plugins. When one of them asks for it, all run once more (KEP-492, reinvocation). */
export interface AdmissionPass {
  readonly again: boolean;
  /** What plugins keep from the first run for the second, by plugin. */
  readonly notes: Map<AdmissionPlugin, unknown>;
  runAgain(): void;
}

/**
 * Server-side work tied to one resource's writes that needs other state: address and port allocation. Each begin runs
 * after mutating admission and before validation, may change `object` in place, and is then committed when the write
 * reached the store or rolled back when it did not (validation, conflict, dry run). Keyed "plural" or "group/plural".
 */
export interface ResourceHooks {
  beginCreate?(object: any, context: HookContext): Promise<HookTransaction | undefined>; // oxlint-disable-line no-explicit-any -- kinds narrow it themselves
  /** May run several times for one request, when the write lost a race and is tried again. */
  beginUpdate?(object: any, old: any, context: HookContext): Promise<HookTransaction | undefined>; // oxlint-disable-line no-explicit-any -- kinds narrow it themselves
  /** May give an object that is about to be deleted, and was not before, other finalizers or another status: new values, not changed ones. */
  markDelete?(object: any): void; // oxlint-disable-line no-explicit-any -- kinds narrow it themselves
  /** The object is gone from the store; the caller is answered when this is done. */
  afterDelete?(object: any, context: HookContext): void | Promise<void>; // oxlint-disable-line no-explicit-any -- kinds narrow it themselves
}

export interface HookContext {
  readonly user: UserInfo;
  readonly dryRun: boolean;
  readonly warn: (text: string) => void;
}

export interface HookTransaction {
  /** In the turn in which the write is handed to the store: what this writes is stored with it, and before it. */
  writing?(): void;
  commit(): void | Promise<void>;
  rollback(): void | Promise<void>;
}

/** Writes of the server's own records, past admission and validation; for hooks. Stored form, without resourceVersion. */
export interface ObjectWriter {
  /** Resolves when it is durable. @throws {ConflictError} when the name is taken */
  create(resource: string, object: KubeObject): Promise<void>;
  /** Resolves when it is gone; at once when it was, or when `stillMeant` says no to what is there. */
  remove(resource: string, namespace: string, name: string, stillMeant: (object: KubeObject) => boolean): Promise<void>;
}

/** Reads of the server's own cache, for admission plugins, hooks and authorizers. Stored form; frozen. */
export interface ObjectReader {
  /** `resource` is "plural" or "group/plural"; namespace "" for cluster-scoped objects. */
  get(resource: string, namespace: string, name: string): KubeObject | undefined;
  /** In key order; of one namespace when given. */
  list(resource: string, namespace?: string): readonly KubeObject[];
  /** Calls back after every change, in order, from the store's turn: the listener only takes note. Returns a function that stops. */
  onChange(
    resource: string,
    listener: (change: { readonly object: KubeObject; readonly deleted: boolean }) => void,
  ): () => void;
}

/** A route that is no resource verb: documents, health, node streams. The first that matches answers. */
export interface Route {
  readonly name: string;
  matches(info: RequestInfo): boolean;
  readonly handle?: Handler;
  /** For HTTP/1.1 Upgrade requests; without it they are refused with 400. */
  readonly upgrade?: UpgradeHandler;
  /** The requests are CONNECT to admission, which sees the subresource's options (PodExecOptions). */
  readonly connects?: boolean;
}

/** The definitions served now; changes as CustomResourceDefinitions come and go. */
export interface ResourceTable {
  find(group: string, version: string, plural: string): ResourceDefinition | undefined;
  /** Built-in resources first; then those of CRDs by group, version in order of preference, and name. A new array after each change. */
  all(): readonly ResourceDefinition[];
  /** Grows with every change of `all()`. */
  readonly generation: number;
  /** Calls back after each change, in its turn. Returns a function that stops. */
  onChange(listener: () => void): () => void;
}

/** What a part of the server that is made later than the core may use: plugins, hooks and routes are made from it. */
export interface ServerParts {
  readonly reader: ObjectReader;
  readonly writer: ObjectWriter;
  readonly resources: ResourceTable;
  readonly authorizer: Authorizer;
}

/** Signs service-account tokens (serviceaccounts/NAME/token). */
export interface TokenIssuer {
  /** What a token is for when the request names nobody. */
  readonly defaultAudiences: readonly string[];
  issue(request: TokenClaims): Promise<string>;
}

export interface TokenClaims {
  readonly namespace: string;
  readonly serviceAccount: { readonly name: string; readonly uid: string };
  readonly audiences: readonly string[];
  /** Seconds since 1970. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** The token is worth nothing once this object is gone. */
  readonly boundTo?: { readonly kind: "Pod" | "Secret" | "Node"; readonly name: string; readonly uid: string };
  /** Name and uid of the node of a bound pod. */
  readonly node?: { readonly name: string; readonly uid: string };
}

/** What is known about a bearer token. */
export interface TokenVerdict {
  readonly user: UserInfo | undefined;
  /** Those of the asked-for audiences that the token is for. */
  readonly audiences: readonly string[];
  /** Why there is no user. */
  readonly error?: string;
}
