import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import protobuf from "protobufjs";
import type { CallOptions } from "./client-types.ts";
import { CriError } from "./cri-error.ts";

export interface GrpcChannelOptions {
  /** "unix:///run/containerd/containerd.sock" */
  readonly endpoint: string;
  /** Sent with every call, e.g. containerd's namespace. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** One connection to the runtime; any number of services speak through it. Reconnects by itself within a second. */
export class GrpcChannel {
  readonly #client: Client;
  readonly #metadata: Metadata;

  constructor(options: GrpcChannelOptions) {
    this.#client = new Client(options.endpoint, credentials.createInsecure(), {
      "grpc.max_receive_message_length": 64 * 1024 * 1024,
      "grpc.enable_http_proxy": 0,
      "grpc.enable_retries": 0,
      "grpc.initial_reconnect_backoff_ms": 50,
      "grpc.min_reconnect_backoff_ms": 50,
      "grpc.max_reconnect_backoff_ms": 1000,
    });
    this.#metadata = new Metadata();
    for (const [key, value] of Object.entries(options.metadata ?? {})) this.#metadata.set(key, value);
  }

  /** A typed function for one unary method. `deadlineMs` 0 is none. */
  unary<Request extends object, Response>(
    service: protobuf.Service,
    name: string,
    deadlineMs: number | ((request: Request) => number),
  ): (request: Request, options?: CallOptions) => Promise<Response> {
    const method = resolved(service, name);
    return (request, options = {}) =>
      new Promise<Response>((resolve, reject) => {
        if (options.signal?.aborted === true) {
          reject(options.signal.reason as Error);
          return;
        }
        const limit = options.timeoutMs ?? (typeof deadlineMs === "number" ? deadlineMs : deadlineMs(request));
        const call = this.#client.makeUnaryRequest<Request, Response>(
          method.path,
          method.encode,
          method.decode as (bytes: Buffer) => Response,
          request,
          this.#metadata,
          limit === 0 ? {} : { deadline: Date.now() + limit },
          (err, response) => {
            options.signal?.removeEventListener("abort", cancel);
            if (err === null && response !== undefined) resolve(response);
            else if (options.signal?.aborted === true) reject(options.signal.reason as Error);
            else if (err === null) reject(new CriError(name, "Internal", "empty answer"));
            else reject(CriError.from(name, err));
          },
        );
        const cancel = (): void => call.cancel();
        options.signal?.addEventListener("abort", cancel, { once: true });
      });
  }

  /** A server-streaming method: ends when the signal aborts or the server is done, rejects when the call fails. */
  async *stream<Request extends object, Response>(
    service: protobuf.Service,
    name: string,
    request: Request,
    signal: AbortSignal,
  ): AsyncIterable<Response> {
    if (signal.aborted) return;
    const method = resolved(service, name);
    const call = this.#client.makeServerStreamRequest<Request, Response>(
      method.path,
      method.encode,
      method.decode as (bytes: Buffer) => Response,
      request,
      this.#metadata,
      {},
    );
    const cancel = (): void => call.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    try {
      for await (const message of call) yield message as Response;
    } catch (err) {
      if (!signal.aborted) throw CriError.from(name, err as ServiceError);
    } finally {
      signal.removeEventListener("abort", cancel);
      call.cancel();
    }
  }

  close(): void {
    this.#client.close();
  }
}

interface ResolvedMethod {
  readonly path: string;
  readonly encode: (value: object) => Buffer;
  readonly decode: (bytes: Buffer) => unknown;
}

function resolved(service: protobuf.Service, name: string): ResolvedMethod {
  const method = service.methods[name];
  if (method === undefined) throw new Error(`The protocol has no method ${service.fullName}/${name}`);
  const request = service.lookupType(method.requestType);
  const response = service.lookupType(method.responseType);
  return {
    path: `/${service.fullName.slice(1)}/${name}`,
    encode: (value) => Buffer.from(request.encode(request.fromObject(value)).finish()),
    decode: (bytes) => withoutNulls(response.toObject(response.decode(bytes), conversion)),
  };
}

/** Zero values are told (state 0 is CONTAINER_CREATED), unset messages are left out. */
const conversion: protobuf.IConversionOptions = { longs: Number, enums: String, defaults: true };

function withoutNulls(value: unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(withoutNulls);
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) if (item !== null) result[key] = withoutNulls(item);
  return result;
}

/** Parses protocol text; field names become camelCase. */
export function parseProto(text: string): protobuf.Root {
  return protobuf.parse(text, { keepCase: false }).root;
}
