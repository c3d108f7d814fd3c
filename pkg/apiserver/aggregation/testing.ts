import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { TestContext } from "node:test";
import type { KeyPair } from "#pkg/pki/index.ts";
import { startOwnServer } from "../http/testing.ts";

/** Flunders of wardle.example.com/v1alpha1, as upstream's sample API server has them. */
export const WARDLE = { group: "wardle.example.com", version: "v1alpha1" } as const;
const BASE = `/apis/${WARDLE.group}/${WARDLE.version}`;

interface Flunder {
  readonly apiVersion: string;
  readonly kind: "Flunder";
  readonly metadata: Record<string, unknown> & { readonly name: string; readonly namespace: string };
  readonly spec?: object;
}

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly rawHeaders: readonly string[];
  /** Common name of the client certificate. */
  readonly caller: string;
}

export interface ExtensionServer {
  readonly port: number;
  /** Base64, for APIService.spec.caBundle. */
  readonly caBundle: string;
  readonly seen: SeenRequest[];
  /** What a request is answered with instead of the API. */
  answer: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  /** Takes over Upgrade requests. */
  upgrade: ((request: IncomingMessage, socket: Duplex) => void) | undefined;
  close(): Promise<void>;
}

/** A small API server of its own over HTTPS, which believes who shows a certificate of `frontProxyCa`. */
export async function startExtensionServer(
  t: Pick<TestContext, "after">,
  frontProxyCa: KeyPair,
  options: { readonly serverName?: string; readonly port?: number } = {},
): Promise<ExtensionServer> {
  const { serverName = "api.wardle.svc", port } = options;
  const flunders = new Flunders();
  const { server, ...own } = await startOwnServer(
    t,
    { commonName: serverName, dnsNames: [serverName] },
    {
      ca: frontProxyCa.cert,
      requestCert: true,
      rejectUnauthorized: true,
      ...(port === undefined ? {} : { port }),
    },
  );
  const extension: ExtensionServer = { ...own, seen: [], answer: undefined, upgrade: undefined };
  const note = (request: IncomingMessage): void => {
    const { method = "", url = "", headers, rawHeaders } = request;
    const { subject } = (request.socket as import("node:tls").TLSSocket).getPeerCertificate();
    extension.seen.push({ method, url, headers, rawHeaders, caller: String(subject?.CN) });
  };
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    note(request);
    if (extension.answer?.(request, response) !== true) void flunders.serve(request, response);
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
    note(request);
    if (extension.upgrade === undefined) socket.destroy();
    else extension.upgrade(request, socket);
  });
  return extension;
}

/** list, get, create, delete and watch, of JSON only. */
class Flunders {
  readonly #objects = new Map<string, Flunder>();
  readonly #watchers = new Set<ServerResponse>();
  #revision = 1;

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "https://extension");
    const json = (status: number, value: object): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    };
    if (url.pathname === BASE) return json(200, RESOURCES);
    if (url.pathname === `/openapi/v3`) return json(200, OPENAPI_V3_INDEX);
    if (url.pathname === `/openapi/v3${BASE}`) return json(200, OPENAPI_V3);
    if (url.pathname === `/openapi/v2`) return json(200, OPENAPI_V2);
    const path = /^\/apis\/wardle\.example\.com\/v1alpha1(?:\/namespaces\/([^/]+))?\/flunders(?:\/([^/]+))?$/.exec(
      url.pathname,
    );
    if (path === null) return json(404, status(404, "NotFound", "the server could not find the requested resource"));
    const [, namespace = "", name = ""] = path;
    if (request.method === "POST") return json(201, this.#create(namespace, await bodyOf(request)));
    if (url.searchParams.get("watch") === "true" || url.searchParams.get("watch") === "1") return this.#watch(response);
    const found = this.#objects.get(`${namespace}/${name}`);
    if (name !== "" && found === undefined)
      return json(404, status(404, "NotFound", `flunders.${WARDLE.group} "${name}" not found`));
    if (request.method === "DELETE") {
      this.#objects.delete(`${namespace}/${name}`);
      return json(200, status(200, "", ""));
    }
    if (found !== undefined) return json(200, found);
    const items = [...this.#objects.values()].filter(
      (each) => namespace === "" || each.metadata.namespace === namespace,
    );
    const metadata = { resourceVersion: String(this.#revision) };
    json(200, { kind: "FlunderList", apiVersion: `${WARDLE.group}/${WARDLE.version}`, metadata, items });
  }

  #create(namespace: string, body: Buffer): Flunder {
    const sent = JSON.parse(body.toString()) as Flunder;
    const resourceVersion = String(++this.#revision);
    const creationTimestamp = `${new Date().toISOString().slice(0, 19)}Z`;
    const metadata = { ...sent.metadata, namespace, resourceVersion, uid: randomUUID(), creationTimestamp };
    const made = { ...sent, metadata };
    this.#objects.set(`${namespace}/${sent.metadata.name}`, made);
    for (const each of this.#watchers) each.write(`${JSON.stringify({ type: "ADDED", object: made })}\n`);
    return made;
  }

  #watch(response: ServerResponse): void {
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    this.#watchers.add(response);
    response.once("close", () => this.#watchers.delete(response));
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  return Buffer.concat((await request.toArray()) as Buffer[]);
}

const status = (code: number, reason: string, message: string): object => ({
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: code < 400 ? "Success" : "Failure",
  message,
  reason,
  code,
});

const RESOURCES = {
  kind: "APIResourceList",
  apiVersion: "v1",
  groupVersion: `${WARDLE.group}/${WARDLE.version}`,
  resources: [
    {
      name: "flunders",
      singularName: "flunder",
      namespaced: true,
      kind: "Flunder",
      shortNames: ["fl"],
      verbs: ["create", "delete", "get", "list", "watch"],
    },
    { name: "flunders/status", singularName: "", namespaced: true, kind: "Flunder", verbs: ["get"] },
  ],
};

const GVK = [{ ...WARDLE, kind: "Flunder" }];
const SCHEMA = {
  description: "A flunder",
  type: "object",
  properties: {
    apiVersion: { type: "string" },
    kind: { type: "string" },
    metadata: { type: "object" },
    spec: { type: "object", properties: { reference: { type: "string", description: "Another flunder" } } },
  },
  "x-kubernetes-group-version-kind": GVK,
};
const OPERATION = {
  operationId: "listFlunders",
  responses: { 200: { description: "OK" } },
  "x-kubernetes-action": "list",
  "x-kubernetes-group-version-kind": GVK[0],
};
const OPENAPI_V3_INDEX = {
  paths: { [BASE.slice(1)]: { serverRelativeURL: `/openapi/v3${BASE}?hash=ABC` } },
};
const OPENAPI_V3 = {
  openapi: "3.0.0",
  info: { title: "wardle", version: "1" },
  paths: { [`${BASE}/flunders`]: { get: OPERATION } },
  components: { schemas: { "com.example.wardle.v1alpha1.Flunder": SCHEMA } },
};
const OPENAPI_V2 = {
  swagger: "2.0",
  info: { title: "wardle", version: "1" },
  paths: { [`${BASE}/flunders`]: { get: { ...OPERATION, produces: ["application/json"], schemes: ["https"] } } },
  definitions: { "com.example.wardle.v1alpha1.Flunder": SCHEMA },
};
