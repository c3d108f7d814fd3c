import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { before, describe, it, type TestContext } from "node:test";
import { until } from "#pkg/async/index.ts";
import { issueCertificate, kubeconfig, type KeyPair } from "#pkg/pki/index.ts";
import { Api, MERGE_PATCH } from "./api.ts";
import { createTestAuthority, startHttp2Server, type TestAuthority } from "./http2/testing.ts";

const SOON = { timeoutMs: 5_000, intervalMs: 5 };

/** Says who asked for what; "/status/409" is answered so, "/watch" with two events and no end. */
async function answer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
  const path = headers[":path"] ?? "";
  const status = Number(/^\/status\/(\d+)/.exec(path)?.[1] ?? 200);
  stream.respond({ ":status": status, "content-type": "application/json" });
  if (path.startsWith("/watch")) {
    stream.write("first\nsec");
    setImmediate(() => stream.write("ond\n"));
    return;
  }
  let body = "";
  for await (const chunk of stream) body += String(chunk);
  const peer = (stream.session?.socket as TLSSocket | undefined)?.getPeerCertificate();
  const { ":method": method, "content-type": type, accept, authorization } = headers;
  stream.end(JSON.stringify({ method, path, type, accept, authorization, body, user: peer?.subject?.CN }));
}

describe("Api", () => {
  let authority: TestAuthority;
  let credentials: KeyPair;
  before(async () => {
    authority = await createTestAuthority();
    credentials = await issueCertificate(authority, { commonName: "user", usage: "client" });
  });

  async function connect(t: TestContext): Promise<Api> {
    const { url } = await startHttp2Server(t, authority, (stream, headers) => void answer(stream, headers), {
      ca: authority.cert,
      requestCert: true,
    });
    const dir = await mkdtemp(join(tmpdir(), "minik-bench-"));
    t.after(() => rm(dir, { recursive: true }));
    const file = join(dir, "kubeconfig");
    await writeFile(file, kubeconfig({ server: url.origin, authority: authority.cert, user: "user", credentials }));
    const api = await Api.connect(file);
    t.after(() => api.close());
    return api;
  }

  it("asks as the user of the kubeconfig, with the headers of a program on client-go", async (t) => {
    const api = await connect(t);
    assert.deepEqual(await api.call("PATCH", "/a?b=c", { d: "ü" }, { contentType: MERGE_PATCH }), {
      method: "PATCH",
      path: "/a?b=c",
      type: MERGE_PATCH,
      accept: "application/json",
      body: '{"d":"ü"}',
      user: "user",
    });
  });

  it("sends a prepared request as often as it is told to", async (t) => {
    const api = await connect(t);
    const request = api.prepare("POST", "/a", { text: "x".repeat(100_000) });
    const sizes = await Promise.all([api.send(request), api.send(request), api.send(request)]);
    assert.equal(new Set(sizes).size, 1);
    assert.ok((sizes[0] ?? 0) > 100_000);
  });

  it("rejects with the answer's text when the status is not 2xx", async (t) => {
    const api = await connect(t);
    for (const status of [304, 404, 409, 422, 500])
      await assert.rejects(api.send(api.prepare("PUT", `/status/${status}`, {})), {
        message: new RegExp(`^PUT /status/${status}: ${status} ${status === 304 ? "" : '{"method":"PUT"'}`),
      });
    await assert.rejects(api.call("GET", "/status/404", undefined, { expected: [409] }), /GET \/status\/404: 404 \{/);
    const { path } = await api.call<{ path: string }>("GET", "/status/404", undefined, { expected: [404] });
    assert.equal(path, "/status/404");
  });

  it("hands on what a watch says until it is closed", async (t) => {
    const api = await connect(t);
    let said = "";
    const watch = await api.watch("/watch", (chunk) => (said += chunk.toString()));
    await until(() => said === "first\nsecond\n", { ...SOON, what: "two events" });
    watch.close();
    assert.equal((await api.call<{ path: string }>("GET", "/after")).path, "/after");
    // One that ends with its connection is no error: every other early end would be uncaught.
    await api.watch("/watch", () => undefined);
    api.close();
  });

  it("rejects when a watch is refused", async (t) => {
    const api = await connect(t);
    await assert.rejects(
      api.watch("/status/410", () => undefined),
      /^Error: watch \/status\/410: 410$/,
    );
  });

  it("rejects what was sent when it is closed", async (t) => {
    const api = await connect(t);
    const sent = api.send(api.prepare("GET", "/watch"));
    api.close();
    await assert.rejects(sent, /^Error: GET \/watch: the connection closed$/);
    await assert.rejects(api.send(api.prepare("GET", "/a")), /the connection closed/);
  });
});
