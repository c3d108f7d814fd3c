import assert from "node:assert/strict";
import { once } from "node:events";
import type { ClientHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { after, before, describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import WebSocket from "ws";
import { loadProtobufCodec } from "#pkg/api/protobuf/index.ts";
import { ApiError } from "#pkg/errors/index.ts";
import { startTestServer, type TestServer } from "../testing.ts";
import { type Answer, call as send, listenForTest, ROOT, type TestListener } from "./testing.ts";

const CONFIG_MAPS = "/api/v1/namespaces/a/configmaps";
const PROTOBUF = "application/vnd.kubernetes.protobuf";

describe("the HTTP surface", () => {
  let test: TestServer;
  let at: TestListener;
  let root: ClientHttp2Session;
  let someone: ClientHttp2Session;
  before(async () => {
    test = await startTestServer(undefined, {
      routes: () => [
        {
          name: "slow",
          matches: ({ path }) => path === "/slow",
          handle: ({ signal }) => once(signal, "abort").then(() => Promise.reject(new Error("aborted"))),
        },
        {
          name: "strange errors",
          matches: ({ path }) => path.startsWith("/strange/"),
          handle: ({ path }) => {
            const details = { retryAfterSeconds: path.endsWith("retry") ? "1\r\nx: y" : 2n };
            throw new ApiError(path.endsWith("code") ? 100_000 : 429, "Unknown", "strange", details as never);
          },
        },
      ],
    });
    const user = { name: "browser", groups: ["system:masters"] };
    at = await listenForTest(test, { staticTokens: [{ token: "t", user }] });
    [root, someone] = await Promise.all([at.session(...ROOT), at.session("someone")]);
  });
  after(() => test.close());

  const call = (
    path: string,
    headers: Record<string, string | string[]> = {},
    on = root,
    body?: object,
  ): Promise<Answer> =>
    send(on, path, body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) });
  const create = (name: string, size = 1): Promise<unknown> =>
    test.transport.request({
      method: "POST",
      path: CONFIG_MAPS,
      body: { metadata: { name }, data: { text: "x".repeat(size) } },
    });

  it("ends a request when the caller's time is over, and refuses times that are none", async () => {
    const late = await call("/slow?timeout=20ms");
    assert.equal(late.status, 504);
    const { reason, message } = JSON.parse(late.text);
    assert.equal(reason, "Timeout");
    assert.equal(message, "Timeout: request did not complete within the allotted timeout");
    assert.equal((await call(`${CONFIG_MAPS}?timeout=1m30s`)).status, 200);
    const wrong = {
      abc: 'invalid duration "abc"',
      5: 'missing unit in duration "5"',
      "5x": 'unknown unit "x" in duration "5x"',
    };
    for (const [timeout, why] of Object.entries(wrong)) {
      const { status, text } = await call(`${CONFIG_MAPS}?timeout=${timeout}`);
      assert.equal(status, 400);
      assert.equal(JSON.parse(text).message, `invalid timeout specified in the request URL - time: ${why}`);
    }
  });

  it("answers errors that HTTP has no form for, or ends their requests alone", async () => {
    const retry = await call("/strange/retry");
    assert.equal(retry.status, 429);
    assert.equal(retry.headers["retry-after"], undefined);
    const broken = root.request({ ":path": "/strange/code" });
    broken.on("error", () => undefined);
    await once(broken.end(), "close");
    assert.equal((await call("/version")).status, 200);
  });

  it("compresses what is large, when the caller takes gzip", async () => {
    await create("large", 200_000);
    const gzip = { "accept-encoding": "deflate, gzip" };
    const { headers, body } = await call(`${CONFIG_MAPS}/large`, gzip);
    assert.equal(headers["content-encoding"], "gzip");
    assert.equal(headers["vary"], "Accept-Encoding");
    assert.equal(JSON.parse(gunzipSync(body).toString()).metadata.name, "large");
    assert.equal((await call(`${CONFIG_MAPS}/large`)).headers["content-encoding"], undefined);
    assert.equal((await call("/api", gzip)).headers["content-encoding"], undefined);
  });

  it("indents JSON for people and for who asks", async () => {
    await create("pretty");
    const isPretty = async (query: string, agent = "client-go"): Promise<boolean> =>
      (await call(`${CONFIG_MAPS}/pretty${query}`, { "user-agent": agent })).text.startsWith('{\n  "kind"');
    assert.equal(await isPretty(""), false);
    assert.equal(await isPretty("?pretty=true"), true);
    assert.equal(await isPretty("?pretty=1"), true);
    assert.equal(await isPretty("?pretty=yes"), false);
    assert.equal(await isPretty("", "curl/8.5.0"), true);
    assert.equal(await isPretty("?pretty=0", "Mozilla/5.0 (X11)"), false);
  });

  it("refuses a watch in YAML, which has no frames", async () => {
    const refused = await call(`${CONFIG_MAPS}?watch=1`, { accept: "application/yaml" });
    assert.equal(refused.status, 406);
    assert.match(refused.text, /only the following media types are accepted: application\/json, application\/vnd/);
  });

  it("answers errors in the form that was asked for", async () => {
    const yaml = await call(`${CONFIG_MAPS}/none`, { accept: "application/yaml" });
    assert.equal(yaml.headers["content-type"], "application/yaml");
    assert.match(yaml.text, /^reason: NotFound$/m);
    const codec = await loadProtobufCodec();
    // Refused before anybody looks at what is accepted.
    const refused = await call(CONFIG_MAPS, { accept: PROTOBUF }, someone);
    assert.equal(refused.status, 403);
    assert.equal(refused.headers["content-type"], PROTOBUF);
    assert.equal(codec.decode(refused.body).object["reason"], "Forbidden");
    assert.equal(JSON.parse((await call(CONFIG_MAPS, { accept: "text/html" })).text).reason, "NotAcceptable");
  });

  it("takes the caller's audit id, and refuses names that are paths", async () => {
    assert.equal((await call("/api", { "audit-id": "mine" })).headers["audit-id"], "mine");
    for (const [name, why] of Object.entries({
      "%2e%2e": "\"..\": may not be '..'",
      "a%2Fb": "\"a/b\": may not contain '/'",
    })) {
      const { status, text } = await call(`${CONFIG_MAPS}/${name}`);
      assert.equal(status, 400);
      assert.equal(JSON.parse(text).message, `Name parameter invalid: ${why}`);
    }
    assert.equal((await call("/api/v1//pods")).status, 404);
  });

  it("lets who may impersonate be somebody else", async () => {
    const review = async (headers: Record<string, string | string[]>): Promise<Answer> =>
      call(
        "/apis/authentication.k8s.io/v1/selfsubjectreviews",
        { "content-type": "application/json", ...headers },
        root,
        { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" },
      );
    const { userInfo } = JSON.parse(
      (
        await review({
          "impersonate-user": "jane",
          "impersonate-uid": "7",
          "impersonate-group": ["dev, elopers", "admins"],
          "impersonate-extra-scopes": ["view", "edit"],
          "impersonate-extra-acme.com%2fproject": "x",
        })
      ).text,
    ).status;
    assert.deepEqual(userInfo, {
      username: "jane",
      uid: "7",
      groups: ["dev, elopers", "admins", "system:authenticated"],
      extra: { scopes: ["view", "edit"], "acme.com/project": ["x"] },
    });
    const account = await review({ "impersonate-user": "system:serviceaccount:a:robot" });
    assert.deepEqual(JSON.parse(account.text).status.userInfo.groups, [
      "system:serviceaccounts",
      "system:serviceaccounts:a",
      "system:authenticated",
    ]);
    const nobody = await review({ "impersonate-group": "admins" });
    assert.equal(nobody.status, 500);
    assert.match(JSON.parse(nobody.text).message, /requested \[admins\] without impersonating a user/);
    const forbidden = await call("/api", { "impersonate-user": "root" }, someone);
    assert.equal(forbidden.status, 403);
    assert.equal(
      JSON.parse(forbidden.text).message,
      'users "root" is forbidden: User "someone" cannot impersonate resource "users" in API group "" at the cluster scope',
    );
  });

  it("watches over WebSocket with a token among the subprotocols, as text and as protobuf", async () => {
    const codec = await loadProtobufCodec();
    const bearer = `base64url.bearer.authorization.k8s.io.${Buffer.from("t").toString("base64url")}`;
    const url = `wss://127.0.0.1:${at.port}${CONFIG_MAPS}?watch=1&fieldSelector=metadata.name%3Dsocket`;
    const open = async (headers: Record<string, string>): Promise<WebSocket> => {
      const client = new WebSocket(url, ["v1.example", bearer], { ca: at.authority.cert, headers });
      await once(client, "open");
      assert.equal(client.protocol, "v1.example");
      return client;
    };
    const clients = await Promise.all([open({}), open({ accept: PROTOBUF })]);
    const seen = Promise.all(clients.map((client) => once(client, "message") as Promise<[Buffer, boolean]>));
    await create("socket");
    const [[text, textIsBinary], [bytes, bytesAreBinary]] = (await seen) as [[Buffer, boolean], [Buffer, boolean]];
    assert.equal(textIsBinary, false);
    assert.equal(JSON.parse(text.toString()).object.metadata.name, "socket");
    assert.equal(bytesAreBinary, true);
    assert.equal(bytes.readUInt32BE(0), bytes.length - 4);
    assert.ok(codec.knows("v1", "ConfigMap"));
    for (const client of clients) client.terminate();
    const alone = new WebSocket(url, [bearer], { ca: at.authority.cert });
    const [, response] = (await once(alone, "unexpected-response")) as [unknown, { statusCode: number }];
    assert.equal(response.statusCode, 400);
    alone.on("error", () => undefined);
    alone.terminate();
  });

  it("counts what it did in upstream's names", async () => {
    await call(`${CONFIG_MAPS}?limit=1`);
    await call("/api/v1/namespaces/a/inventions/x");
    const { text } = await call("/metrics");
    const resource = 'group="",version="v1",resource="configmaps",subresource=""';
    for (const line of [
      `apiserver_request_total{code="200",component="apiserver",verb="LIST",${resource},scope="namespace",dry_run=""}`,
      `apiserver_request_duration_seconds_bucket{component="apiserver",verb="GET",${resource},scope="resource",dry_run="",le="0.005"}`,
      `apiserver_response_sizes_count{component="apiserver",verb="LIST",${resource},scope="namespace"}`,
      'apiserver_request_terminations_total{code="504",component="apiserver",verb="GET"',
      'apiserver_current_inflight_requests{request_kind="readOnly"} 1',
      'apiserver_storage_objects{resource="configmaps"}',
      'apiserver_flowcontrol_dispatched_requests_total{flow_schema="exempt",priority_level="exempt"}',
      "process_cpu_seconds_total",
      "nodejs_heap_size_total_bytes",
    ])
      assert.ok(text.includes(line), line);
    assert.doesNotMatch(text, /inventions/);
  });

  it("counts dry runs apart, and writes no series twice", async () => {
    for (const query of ["", "?dryRun=All"]) await call(CONFIG_MAPS + query, {}, root, { metadata: {} });
    const { text } = await call("/metrics");
    const series = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    const names = series.map((line) => line.slice(0, line.lastIndexOf(" ")));
    assert.deepEqual(
      names.filter((name, i) => names.indexOf(name) !== i),
      [],
    );
    const resource = 'group="",version="v1",resource="configmaps",subresource="",scope="resource"';
    const total = `apiserver_request_total{code="422",component="apiserver",verb="POST",${resource}`;
    for (const dryRun of ["", "All"]) assert.ok(names.includes(`${total},dry_run="${dryRun}"}`), dryRun);
  });

  it("ends a watch over WebSocket, and nothing else, when its caller sends what is no frame", async () => {
    const client = new WebSocket(`wss://127.0.0.1:${at.port}${CONFIG_MAPS}?watch=1`, {
      ca: at.authority.cert,
      headers: { authorization: "Bearer t" },
    });
    await once(client, "open");
    // Without a mask, which every frame of a client has.
    (client as unknown as { readonly _socket: Socket })._socket.write(Buffer.from([0x81, 1, 65]));
    await once(client, "close");
    assert.equal((await call("/version")).status, 200);
  });

  it("counts made-up methods and resources together", async () => {
    for (const made of ["one", "two"]) {
      await call(`/api/v1/namespaces/a/${made}/x/log`);
      await once(root.request({ ":method": made.toUpperCase(), ":path": CONFIG_MAPS }).end(), "response");
    }
    const { text } = await call("/metrics");
    assert.doesNotMatch(text, /verb="(ONE|TWO)"|resource="(one|two)"/);
    assert.match(text, /apiserver_request_total\{code="405",component="apiserver",verb="other"/);
  });

  it("counts who was let in, and what they may do", async () => {
    assert.equal((await call(CONFIG_MAPS, {}, someone)).status, 403);
    const { text } = await call("/metrics");
    const counted = (result: string): number =>
      Number(new RegExp(`authorization_attempts_total\\{result="${result}"\\} (\\d+)`).exec(text)?.[1]);
    assert.ok(counted("allowed") > 0);
    assert.ok(counted("no-opinion") > 0);
  });

  it("takes names of impersonated users as UTF-8", async () => {
    const utf8 = Buffer.from("jürgen").toString("latin1");
    const review = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
    const path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    const { text } = await call(path, { "impersonate-user": utf8 }, root, review);
    assert.equal(JSON.parse(text).status.userInfo.username, "jürgen");
  });
});
