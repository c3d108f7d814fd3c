import assert from "node:assert/strict";
import { once } from "node:events";
import * as http from "node:http";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import type { KubeObject } from "#pkg/api/index.ts";
import type { ObjectReader, RequestInfo } from "../../types.ts";
import { nodeAt, startFront, startKubelet, testCertificates } from "../testing.ts";
import { proxyLocation, splitTarget } from "./location.ts";
import { rewriteHtml, rewriteUrl } from "./rewrite.ts";

const PREFIX = { path: "/api/v1/namespaces/d/pods/p/proxy", host: "api:6443" };

function readerOf(objects: Readonly<Record<string, object>>): ObjectReader {
  return {
    get: (resource, namespace, name) => objects[`${resource}/${namespace}/${name}`] as KubeObject | undefined,
    list: (resource) =>
      Object.entries(objects)
        .filter(([key]) => key.startsWith(`${resource}/`))
        .map(([, object]) => object as KubeObject),
    onChange: () => () => {},
  };
}
const info = (resource: string, name: string): RequestInfo =>
  ({ resource, name, namespace: resource === "nodes" ? "" : "d" }) as unknown as RequestInfo;

describe("splitTarget", () => {
  it("reads scheme, name and port", () => {
    assert.deepEqual(splitTarget("a", "pod"), { scheme: "", name: "a", port: "" });
    assert.deepEqual(splitTarget("a:80", "pod"), { scheme: "", name: "a", port: "80" });
    assert.deepEqual(splitTarget("https:a:web", "pod"), { scheme: "https", name: "a", port: "web" });
    for (const bad of ["", "ftp:a:1", "a:b:c:d", "http::1"]) {
      assert.throws(() => splitTarget(bad, "pod"), {
        code: 400,
        message: `invalid pod request ${JSON.stringify(bad)}`,
      });
    }
  });
});

describe("proxyLocation", () => {
  const pod = (podIP: string) => ({
    metadata: { name: "p" },
    spec: { containers: [{ name: "c", ports: [{ containerPort: 8080 }] }] },
    status: { podIP },
  });
  const slice = {
    metadata: { labels: { "kubernetes.io/service-name": "s" } },
    ports: [{ name: "web", port: 8080 }],
    endpoints: [
      { addresses: ["10.0.0.9"], conditions: { ready: false } },
      { addresses: ["10.0.0.5"], conditions: { ready: true } },
    ],
  };
  const reader = readerOf({
    "pods/d/p": pod("10.0.0.5"),
    "pods/d/evil": pod("127.0.0.1"),
    "services/d/s": { metadata: { name: "s" }, spec: { ports: [{ name: "web", port: 80 }] } },
    "discovery.k8s.io/endpointslices/d/s-1": slice,
    "nodes//n": {
      metadata: { name: "n" },
      status: { addresses: [{ type: "InternalIP", address: "10.1.0.1" }] },
    },
  });
  const at = (resource: string, name: string): string => {
    const { scheme, host, port, kubelet } = proxyLocation(reader, info(resource, name), "/x");
    return `${scheme}://${host}:${port}${kubelet ? " kubelet" : ""}`;
  };

  it("finds pods by their first port or the named one", () => {
    assert.equal(at("pods", "p"), "http://10.0.0.5:8080");
    assert.equal(at("pods", "https:p:9443"), "https://10.0.0.5:9443");
  });

  it("finds a ready endpoint by the service's port number or name", () => {
    assert.equal(at("services", "s:80"), "http://10.0.0.5:8080");
    assert.equal(at("services", "s:web"), "http://10.0.0.5:8080");
    assert.throws(() => at("services", "s:81"), { code: 503, message: 'no service port 81 found for service "s"' });
    assert.throws(() => at("services", "s"), { code: 503, message: 'no endpoints available for service "s"' });
  });

  it("uses the kubelet's connection for its own port only", () => {
    assert.equal(at("nodes", "n"), "https://10.1.0.1:10250 kubelet");
    assert.equal(at("nodes", "n:9100"), "http://10.1.0.1:9100");
  });

  it("does not connect to loopback and link-local addresses", () => {
    assert.throws(() => at("pods", "evil"), { code: 400, message: "address not allowed" });
  });
});

describe("rewriteUrl", () => {
  for (const [link, expected] of [
    ["/x?y=/z", "/api/v1/namespaces/d/pods/p/proxy/x?y=/z"],
    ["/dir/", "/api/v1/namespaces/d/pods/p/proxy/dir/"],
    ["http://10.0.0.5:80/x", "https://api:6443/api/v1/namespaces/d/pods/p/proxy/x"],
    ["http://elsewhere/x", "http://elsewhere/x"],
    ["relative", "relative"],
    ["//elsewhere/x", "//elsewhere/x"],
    ["/api/v1/namespaces/d/pods/p/proxy/x", "/api/v1/namespaces/d/pods/p/proxy/x"],
  ] as const) {
    it(`makes ${link} ${expected}`, () => assert.equal(rewriteUrl(link, ["10.0.0.5:80"], PREFIX), expected));
  }
});

describe("rewriteHtml", () => {
  it("rewrites links in tags and leaves text alone", () => {
    assert.equal(
      rewriteHtml(
        `<a class=x href="/x" data='/y'>href="/z"</a><img src="http://o/i"><button formaction='/f'>`,
        ["10.0.0.5:80"],
        PREFIX,
      ),
      `<a class=x href="${PREFIX.path}/x" data='/y'>href="/z"</a><img src="http://o/i"><button formaction='${PREFIX.path}/f'>`,
    );
  });
});

describe("nodes/proxy", () => {
  it("hands requests on to the kubelet and its answer back, inside the proxy", async (t) => {
    const tls = await testCertificates();
    const kubelet = await startKubelet(t, tls.server, async (request, response) => {
      const body = Buffer.concat(await request.toArray()).toString();
      if (request.url === "/moved") {
        return void response.writeHead(302, { location: `http://${request.headers.host}/there` }).end();
      }
      const { authorization, "x-custom": custom } = request.headers;
      response.writeHead(201, {
        "content-type": "text/plain",
        connection: "x-drop",
        "x-drop": "1",
        "x-keep": "2",
        "set-cookie": ["a=1", "b=2"],
      });
      response.end(JSON.stringify([request.method, request.url, body, authorization, custom]));
    });
    const front = await startFront(t, [nodeAt(kubelet.port)], tls.client);
    const base = `http://127.0.0.1:${front}/api/v1/nodes/n1/proxy`;
    const posted = await fetch(`${base}/a%20b/?q=1`, {
      method: "POST",
      body: "data",
      headers: { authorization: "Bearer secret", "x-custom": "c" },
    });
    assert.equal(posted.status, 201);
    assert.deepEqual(posted.headers.getSetCookie(), ["a=1", "b=2"]);
    assert.deepEqual(await posted.json(), ["POST", "/a%20b/?q=1", "data", null, "c"]);
    assert.deepEqual([posted.headers.get("x-keep"), posted.headers.get("x-drop")], ["2", null]);
    const moved = await fetch(`${base}/moved`, { redirect: "manual" });
    assert.deepEqual(
      [moved.status, moved.headers.get("location")],
      [302, `https://127.0.0.1:${front}/api/v1/nodes/n1/proxy/there`],
    );
    const root = await fetch(base, { redirect: "manual" });
    assert.deepEqual([root.status, root.headers.get("location")], [301, "/api/v1/nodes/n1/proxy/"]);
  });

  it("moves bodies before they are whole, keeps the query, and drops what belongs to one connection or origin", async (t) => {
    const tls = await testCertificates();
    const kubelet = await startKubelet(t, tls.server, (request, response) => {
      response.writeHead(200, { "access-control-allow-origin": "*", "x-url": request.url ?? "" });
      request.pipe(response);
    });
    const front = await startFront(t, [nodeAt(kubelet.port)], tls.client);
    const outgoing = http.request({
      port: front,
      host: "127.0.0.1",
      method: "PUT",
      path: "/api/v1/nodes/n1/proxy//a/../b?x=%20&y+z",
    });
    outgoing.write("first");
    const [response] = (await once(outgoing, "response")) as [http.IncomingMessage];
    assert.equal(String((await once(response, "data"))[0]), "first");
    outgoing.end("second");
    assert.equal(String((await once(response, "data"))[0]), "second");
    assert.equal(response.headers["x-url"], "//a/../b?x=%20&y+z");
    assert.equal(response.headers["access-control-allow-origin"], undefined);
  });

  it("rewrites links of compressed pages", async (t) => {
    const tls = await testCertificates();
    const kubelet = await startKubelet(t, tls.server, (_request, response) => {
      response.writeHead(200, { "content-type": "text/html", "content-encoding": "gzip" });
      response.end(gzipSync(`<a href="/x">`));
    });
    const front = await startFront(t, [nodeAt(kubelet.port)], tls.client);
    const page = await fetch(`http://127.0.0.1:${front}/api/v1/nodes/n1/proxy/`);
    assert.equal(await page.text(), `<a href="/api/v1/nodes/n1/proxy/x">`);
  });

  it("answers 503 where nobody listens", async (t) => {
    const tls = await testCertificates();
    const front = await startFront(t, [nodeAt(1)], tls.client);
    const response = await fetch(`http://127.0.0.1:${front}/api/v1/nodes/n1/proxy/x`);
    assert.equal(response.status, 503);
    assert.match(
      await response.text(),
      /error trying to reach service: dial tcp 127.0.0.1:1: connect: connection refused/,
    );
  });
});
