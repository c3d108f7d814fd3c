import { once } from "node:events";
import type { IncomingMessage, Server } from "node:http";
import * as http from "node:http";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { TestContext } from "node:test";
import type { KubeObject } from "#pkg/api/index.ts";
import { ApiError } from "#pkg/errors/index.ts";
import { createLogger } from "#pkg/log/index.ts";
import { createAuthority, issueCertificate } from "#pkg/pki/index.ts";
import { requestInfoOf } from "../request-info.ts";
import type { ObjectReader, RequestContext } from "../types.ts";
import { streamingRoutes } from "./routes.ts";
import type { KubeletTls } from "./types.ts";
import { writeResponse } from "./write-response.ts";

/** Certificates of one authority for a kubelet on 127.0.0.1 and for the API server that calls it. */
export async function testCertificates(): Promise<{ readonly server: KubeletTls; readonly client: KubeletTls }> {
  const ca = await createAuthority("test");
  const server = await issueCertificate(ca, { commonName: "node", ipAddresses: ["127.0.0.1"], usage: "server" });
  const client = await issueCertificate(ca, { commonName: "apiserver", usage: "client" });
  return { server: { ...server, ca: ca.cert }, client: { ...client, ca: ca.cert } };
}

export interface Backend {
  readonly port: number;
  /** "METHOD URL" of all requests, in order. */
  readonly seen: string[];
}

/** A kubelet's place holder: demands the API server's certificate, and answers as `serve` and `upgrade` say. */
export async function startKubelet(
  t: Pick<TestContext, "after">,
  tls: KubeletTls,
  serve: (request: IncomingMessage, response: http.ServerResponse) => void | Promise<void>,
  upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void,
): Promise<Backend> {
  const seen: string[] = [];
  const server = https.createServer({ ...tls, requestCert: true, rejectUnauthorized: true }, (request, response) => {
    seen.push(`${request.method} ${request.url}`);
    void serve(request, response);
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    seen.push(`${request.method} ${request.url}`);
    upgrade?.(request, socket, head);
  });
  return { port: await listen(t, server), seen };
}

/** The API server's front for these routes alone, without TLS and authentication. Resolves to its port. */
export async function startFront(
  t: Pick<TestContext, "after">,
  objects: readonly (readonly [string, KubeObject])[],
  tls: KubeletTls,
): Promise<number> {
  const routes = streamingRoutes({ reader: readerOf(objects), kubeletTls: () => tls, log: createLogger("silent") });
  const routed = (request: IncomingMessage, signal: AbortSignal) => {
    const [pathname = "/", rawQuery = ""] = (request.url ?? "/").split("?");
    const searchParams = new URLSearchParams(rawQuery);
    const method = request.method ?? "GET";
    const info = requestInfoOf(method, pathname, searchParams);
    const route = info === undefined ? undefined : routes.find((candidate) => candidate.matches(info));
    if (info === undefined || route === undefined) throw new Error(`no route for ${request.url}`);
    const context: RequestContext = {
      info,
      method,
      path: pathname,
      query: searchParams,
      rawQuery,
      headers: request.headers,
      user: { name: "test", groups: [] },
      signal,
      body: async () => Buffer.concat(await request.toArray()),
      bodyStream: () => request,
      warn: () => {},
    };
    return { route, context };
  };
  const answer = async (request: IncomingMessage, response: http.ServerResponse): Promise<void> => {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    try {
      const { route, context } = routed(request, gone.signal);
      const reply = await route.handle?.(context);
      if (reply?.kind !== "bytes" && reply?.kind !== "stream") throw new Error("unexpected reply");
      response.writeHead(reply.status, { ...reply.headers });
      if (reply.kind === "bytes") response.end(reply.body);
      else {
        for await (const chunk of reply.body) response.write(chunk);
        response.end();
      }
    } catch (err) {
      const status = err instanceof ApiError ? err.toStatus() : { code: 500, message: String(err) };
      if (!response.headersSent) response.writeHead(status.code ?? 500);
      response.end(JSON.stringify(status));
    }
  };
  const server = http.createServer((request, response) => void answer(request, response));
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const gone = new AbortController();
    socket.once("end", () => gone.abort());
    socket.read(0);
    const { route, context } = routed(request, gone.signal);
    socket.on("error", () => socket.destroy());
    route.upgrade?.(context, request, socket, head).catch((err: unknown) => {
      const status = err instanceof ApiError ? err.toStatus() : { code: 500, message: String(err) };
      writeResponse(socket, status.code ?? 500, [], JSON.stringify(status));
    });
  });
  return listen(t, server);
}

export async function listen(t: Pick<TestContext, "after">, server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const sockets = new Set<Duplex>();
  server.on("connection", (socket: Duplex) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

function readerOf(objects: readonly (readonly [string, KubeObject])[]): ObjectReader {
  return {
    get: (resource, namespace, name) =>
      objects.find(
        ([of, { metadata }]) => of === resource && (metadata.namespace ?? "") === namespace && metadata.name === name,
      )?.[1],
    list: (resource, namespace) =>
      objects
        .filter(
          ([of, { metadata }]) => of === resource && (namespace === undefined || metadata.namespace === namespace),
        )
        .map(([, object]) => object),
    onChange: () => () => {},
  };
}

/** A pod on node "n1" whose containers have these names. */
export function podNamed(
  name: string,
  containers: readonly string[],
  more: object = {},
): readonly [string, KubeObject] {
  const spec = { nodeName: "n1", containers: containers.map((c) => ({ name: c })), ...more };
  return ["pods", { metadata: { name, namespace: "d" }, spec, status: { podIP: "" } } as unknown as KubeObject];
}

/** Node "n1", whose kubelet listens on 127.0.0.1 at `port`. */
export function nodeAt(port: number): readonly [string, KubeObject] {
  const addresses = [{ type: "InternalIP", address: "127.0.0.1" }];
  const status = { addresses, daemonEndpoints: { kubeletEndpoint: { Port: port } } };
  return ["nodes", { metadata: { name: "n1" }, status } as unknown as KubeObject];
}
