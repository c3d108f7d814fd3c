import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { type ClientHttp2Session, connect } from "node:http2";
import { request as httpsRequest } from "node:https";
import { after, before, describe, it } from "node:test";
import { startTestServer, type TestServer } from "../testing.ts";
import { type Answer, type Call, call as send, type ClientTls, listenForTest, type TestListener } from "./testing.ts";

describe("the API over HTTPS", () => {
  let test: TestServer;
  let at: TestListener;
  let admin: ClientTls;
  let session: ClientHttp2Session;
  before(async () => {
    const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
    test = await startTestServer(undefined, {
      serviceAccounts: { ...keys, keyId: "k", issuer: "https://issuer", audiences: ["https://issuer"] },
      routes: () => [
        {
          name: "broken",
          matches: ({ path }) => path === "/broken",
          async handle(context) {
            await context.body();
            throw new TypeError("a bug");
          },
        },
      ],
    });
    at = await listenForTest(test, {
      staticTokens: [{ token: "secret-token", user: { name: "joiner", groups: [] } }],
    });
    admin = await at.tlsOf("admin", ["system:masters"]);
    session = await at.session("admin", ["system:masters"]);
  });
  after(() => test.close());

  const call = (path: string, options: Call = {}, on = session): Promise<Answer> => send(on, path, options);
  const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    call(path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";

  it("creates, gets and lists with text of the canonical form", async () => {
    const made = await post(CONFIG_MAPS, { metadata: { name: "a" }, data: { k: "ü" } });
    assert.equal(made.status, 201);
    assert.match(made.text, /^\{"kind":"ConfigMap","apiVersion":"v1","metadata":\{"resourceVersion":"\d+","name":"a"/);
    assert.deepEqual((await call(`${CONFIG_MAPS}/a`)).json, made.json);
    const list = await call(CONFIG_MAPS);
    assert.equal(list.json.kind, "ConfigMapList");
    assert.deepEqual(list.json.items, [made.json]);
    assert.match(String(made.headers["audit-id"]), /^[0-9a-f-]{36}$/);
  });

  it("warns of unknown and duplicate fields, and refuses them when strict", async () => {
    const body = '{"metadata":{"name":"w"},"data":{"a":"1","a":"2"},"dta":{"x":{}}}';
    const warned = await post(CONFIG_MAPS, body);
    assert.equal(warned.status, 201);
    assert.deepEqual(
      warned.headers["warning"],
      '299 - "unknown field \\"dta\\"", 299 - "duplicate field \\"data.a\\""',
    );
    const strict = await post(`${CONFIG_MAPS}?fieldValidation=Strict`, body);
    assert.equal(strict.status, 400);
    assert.match(strict.json.message, /strict decoding error: unknown field "dta", duplicate field "data.a"/);
  });

  it("answers bad input with upstream's codes and stays up", async () => {
    const cases: [Promise<Answer>, number, RegExp][] = [
      [post(CONFIG_MAPS, "{nonsense"), 400, /couldn't get version\/kind; json parse error/],
      [post(CONFIG_MAPS, "[1]"), 400, /cannot unmarshal array/],
      [
        post("/apis/apps/v1/namespaces/default/deployments", { metadata: { name: "d" }, spec: { replicas: "3" } }),
        400,
        /Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32/,
      ],
      [post(CONFIG_MAPS, { metadata: { name: "Not_A_Label" } }), 422, /metadata.name: Invalid value: "Not_A_Label"/],
      [post("/api/v1/namespaces/default/unknowns", {}), 404, /the server could not find the requested resource/],
      [post(CONFIG_MAPS, { kind: "Pod", apiVersion: "v1" }), 400, /cannot be handled as a ConfigMap/],
      [post(CONFIG_MAPS, "x".repeat(4 << 20)), 413, /limit is 3145728/],
      [post(CONFIG_MAPS, "[".repeat(1_000_000)), 400, /./],
      [post(CONFIG_MAPS, `{"metadata":{"name":"n"},"x":${"[".repeat(500_000)}${"]".repeat(500_000)}}`), 400, /./],
      [post(CONFIG_MAPS, "{}", { "content-type": "text/plain" }), 415, /unknown format/],
      [call(CONFIG_MAPS, { headers: { accept: "text/html" } }), 406, /json, application\/yaml, .*protobuf$/],
      [call(`${CONFIG_MAPS}?watch=true&resourceVersion=x`), 400, /invalid syntax/],
      [call(`${CONFIG_MAPS}?fieldSelector=spec.x%3D1`), 400, /"spec.x" is not a known field selector/],
      [call(`${CONFIG_MAPS}?labelSelector=a%20b`), 400, /unable to parse requirement/],
      [call(`${CONFIG_MAPS}/%zz`), 400, /./],
    ];
    for (const [answer, status, message] of cases) {
      const { status: actual, text, json } = await answer;
      assert.equal(actual, status, text.slice(0, 300));
      assert.match(json.message, message);
    }
    assert.equal((await call("/readyz")).text, "ok");
  });

  it("refuses a review as a Table with 406, unless plain JSON is accepted too", async () => {
    const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    const body = JSON.stringify({ spec: { resourceAttributes: { verb: "get", resource: "pods" } } });
    const accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
    const refused = await call(path, { method: "POST", headers: { accept, "content-type": "application/json" }, body });
    assert.equal(refused.status, 406);
    const both = { accept: `${accept},application/json`, "content-type": "application/json" };
    const answered = await call(path, { method: "POST", headers: both, body });
    assert.deepEqual([answered.status, answered.json.kind], [201, "SelfSubjectAccessReview"]);
  });

  it("streams a watch and shows it as a Table", async () => {
    const list = await call(CONFIG_MAPS, { headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" } });
    assert.equal(list.json.kind, "Table");
    const stream = session.request({
      ":path": `${CONFIG_MAPS}?watch=1&resourceVersion=${list.json.metadata.resourceVersion}`,
    });
    await once(stream, "response");
    await post(CONFIG_MAPS, { metadata: { name: "seen" } });
    const [chunk] = (await once(stream, "data")) as [Buffer];
    const event = JSON.parse(chunk.toString());
    assert.equal(event.type, "ADDED");
    assert.equal(event.object.metadata.name, "seen");
    stream.close();
  });

  it("knows certificates, tokens and strangers", async () => {
    const other = connect(`https://127.0.0.1:${at.port}`, { ca: at.authority.cert });
    const as = (token: string | undefined, path: string): Promise<Answer> =>
      call(path, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }, other);
    try {
      assert.equal((await as(undefined, "/healthz")).status, 200);
      assert.match((await as(undefined, "/readyz?verbose")).text, /\[\+\]ping ok/);
      for (const path of ["/livez/ping", "/", "/metrics", "/debug/api_priority_and_fairness/dump_queues"])
        assert.equal((await as(undefined, path)).status, 403);
      const stranger = await as(undefined, "/api/v1/namespaces/x/pods");
      assert.equal(stranger.status, 403);
      assert.equal(
        stranger.json.message,
        'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" in the namespace "x"',
      );
      assert.equal((await as("wrong", "/healthz")).status, 401);
      assert.equal((await as("secret-token", "/api")).status, 200);
      assert.equal((await as("secret-token", "/livez/ping")).status, 403);

      await post("/api/v1/namespaces/default/serviceaccounts", { metadata: { name: "robot" } });
      const issued = await post("/api/v1/namespaces/default/serviceaccounts/robot/token", { spec: {} });
      assert.equal(issued.status, 201);
      const { token } = issued.json.status;
      assert.equal((await as(token, CONFIG_MAPS)).status, 403);
      const RBAC = "/apis/rbac.authorization.k8s.io/v1/namespaces/default";
      await post(`${RBAC}/roles`, {
        metadata: { name: "r" },
        rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["list"] }],
      });
      await post(`${RBAC}/rolebindings`, {
        metadata: { name: "r" },
        subjects: [{ kind: "ServiceAccount", name: "robot", namespace: "default" }],
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "r" },
      });
      assert.equal((await as(token, CONFIG_MAPS)).status, 200);
      assert.equal((await as(token, `${CONFIG_MAPS}/a`)).status, 403);
      await test.transport.request({ method: "DELETE", path: "/api/v1/namespaces/default/serviceaccounts/robot" });
      assert.equal((await as(token, CONFIG_MAPS)).status, 401);
    } finally {
      other.destroy();
    }
  });

  it("answers HTTP/1.1", async () => {
    const request = httpsRequest({
      host: "127.0.0.1",
      port: at.port,
      path: "/version",
      ...admin,
      agent: false,
    });
    request.end();
    const [response] = await once(request, "response");
    assert.equal(response.statusCode, 200);
    response.resume();
  });

  it("answers 500 over HTTP/1.1 when a bug shows after the body was read", async () => {
    const where = { host: "127.0.0.1", port: at.port, path: "/broken", method: "POST", agent: false };
    const request = httpsRequest({ ...where, ...admin });
    request.end("{}");
    const [response] = await once(request, "response");
    assert.equal(response.statusCode, 500);
    response.resume();
  });

  it("counts requests", async () => {
    const { text } = await call("/metrics");
    assert.match(
      text,
      /apiserver_request_total\{code="201",component="apiserver",verb="POST",group="",version="v1",resource="configmaps"/,
    );
  });
});
