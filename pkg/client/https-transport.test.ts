import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { until } from "#pkg/async/index.ts";
import { isNotFound, notFound } from "#pkg/errors/index.ts";
import { createAuthority, issueCertificate, kubeconfig, type KeyPair } from "#pkg/pki/index.ts";
import { createHttpsTransport } from "./https-transport.ts";
import { loadKubeconfig } from "./kubeconfig.ts";
import type { Transport, WatchEvent } from "./types.ts";

type Handle = (request: Http2ServerRequest, response: Http2ServerResponse) => void;

describe("createHttpsTransport", () => {
  let authority: KeyPair;
  let serverPair: KeyPair;
  let server: Http2SecureServer;
  let url: string;
  let handle: Handle;
  let dir: string;
  const transports: Transport[] = [];
  const closers = new Set<() => void>();

  async function listen(port = 0): Promise<void> {
    server = createSecureServer(
      { ...serverPair, ca: authority.cert, requestCert: true, rejectUnauthorized: false, allowHTTP1: true },
      (q, a) => handle(q, a),
    );
    server.on("session", (session) => closers.add(() => session.destroy()));
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  const open = (options: object = {}): Transport => {
    const transport = createHttpsTransport({ server: url, ca: authority.cert, ...options });
    transports.push(transport);
    return transport;
  };

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "minik-client-"));
    authority = await createAuthority("test");
    serverPair = await issueCertificate(authority, { commonName: "s", ipAddresses: ["127.0.0.1"], usage: "server" });
    await listen();
  });
  afterEach(async () => {
    for (const transport of transports.splice(0)) await transport.close();
  });
  after(async () => {
    for (const close of closers) close();
    server.close();
    await rm(dir, { recursive: true, force: true });
  });

  for (const http2 of [true, false]) {
    const name = http2 ? "HTTP/2" : "HTTP/1.1";
    it(`sends and receives JSON over ${name}, and throws the server's Status`, async () => {
      handle = (request, response) => {
        if (request.url.startsWith("/missing")) {
          response.writeHead(404, { "content-type": "application/json" });
          response.end(JSON.stringify(notFound({ group: "", plural: "pods" }, "x").toStatus()));
          return;
        }
        const chunks: Buffer[] = [];
        request.on("data", (chunk: Buffer) => chunks.push(chunk));
        request.on("end", () => {
          response.setHeader("content-type", "application/json");
          const body = Buffer.concat(chunks).toString();
          response.end(JSON.stringify({ url: request.url, type: request.headers["content-type"], body }));
        });
      };
      const transport = open({ http2, token: "t" });
      const answer = await transport.request({
        method: "PATCH",
        path: "/a",
        query: { force: true, none: undefined },
        contentType: "application/merge-patch+json",
        body: { x: "ü" },
      });
      assert.deepEqual(answer, { url: "/a?force=true", type: "application/merge-patch+json", body: '{"x":"ü"}' });
      await assert.rejects(transport.request({ method: "GET", path: "/missing" }), isNotFound);
    });

    it(`delivers watch events cut anywhere over ${name}, and stops on abort`, async () => {
      handle = (_request, response) => {
        response.write('{"type":"ADDED","object":{"me');
        response.write('tadata":{"name":"ü"}}}\n{"type":"DELETED","object":{"metadata":{}}}\n{"ty');
      };
      const stop = new AbortController();
      const seen: WatchEvent[] = [];
      const watching = (async () => {
        const events = open({ http2 }).watch({
          method: "GET",
          path: "/w",
          query: { watch: true },
          signal: stop.signal,
        });
        for await (const event of events) seen.push(event);
      })();
      await until(() => seen.length === 2, { timeoutMs: 15_000, intervalMs: 1 });
      assert.equal(seen[0]?.object.metadata.name, "ü");
      stop.abort();
      await assert.rejects(watching, { name: "AbortError" });
    });
  }

  it("repeats a read when the server asks to come back later", async () => {
    let calls = 0;
    handle = (_request, response) => {
      calls++;
      response.writeHead(calls < 3 ? 429 : 200, { "retry-after": "0", "content-type": "application/json" });
      response.end("{}");
    };
    assert.deepEqual(await open().request({ method: "GET", path: "/" }), {});
    assert.equal(calls, 3);
    calls = 0;
    await assert.rejects(open().request({ method: "POST", path: "/", body: {} }), { code: 429 });
  });

  it("connects again after the connection broke", async () => {
    handle = (_request, response) => response.writeHead(200, { "content-type": "application/json" }).end("{}");
    const transport = open();
    await transport.request({ method: "GET", path: "/" });
    for (const close of closers) close();
    await transport.request({ method: "GET", path: "/" });
  });

  it("rejects with what was wrong when nobody answers", async () => {
    const transport = open({ server: "https://127.0.0.1:1" });
    await assert.rejects(
      transport.request({ method: "GET", path: "/" }),
      /Cannot reach https:\/\/127.0.0.1:1: .*ECONNREFUSED/,
    );
  });

  it("shows the client certificate of a kubeconfig", async () => {
    handle = (request, response) => {
      const socket = request.stream.session?.socket as unknown as { getPeerCertificate(): { subject: { CN: string } } };
      response.end(socket.getPeerCertificate().subject.CN);
    };
    const client = await issueCertificate(authority, { commonName: "someone", usage: "client" });
    const file = join(dir, "config");
    const text = kubeconfig({ server: url, authority: authority.cert, user: "u", credentials: client });
    await writeFile(file, text, { mode: 0o600 });
    assert.equal(await open(await loadKubeconfig(file)).request({ method: "GET", path: "/" }), "someone");
  });

  it("uses a token file's new content after the server refused the old", async () => {
    const seen: (string | undefined)[] = [];
    handle = (request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(request.headers.authorization === "Bearer new" ? 200 : 401).end("");
    };
    const tokenFile = join(dir, "token");
    await writeFile(tokenFile, "old\n");
    const transport = open({ tokenFile });
    await assert.rejects(transport.request({ method: "GET", path: "/" }), { code: 401 });
    await writeFile(`${tokenFile}.next`, "new\n");
    await rename(`${tokenFile}.next`, tokenFile);
    await transport.request({ method: "GET", path: "/" });
    assert.deepEqual(seen, ["Bearer old", "Bearer new"]);
  });
});
