// What no client should send: each is answered with upstream's code and Status, and the server goes on as it was.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { until } from "#pkg/async/index.ts";
import { ControlPlane } from "../lab/index.ts";
import { type Answer, RawClient, sendAndWait } from "./raw-client.ts";

const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
const PODS = "/api/v1/namespaces/default/pods";
const DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";
const SLOW_LIMIT_MS = 45_000;

describe("bad requests", () => {
  let server: ControlPlane;
  let client: RawClient;
  let slow: ReturnType<typeof sendAndWait>;

  before(async () => {
    server = await ControlPlane.start(["--disable-scheduler", "--compaction-interval", "1"]);
    client = await RawClient.of(server);
    await until(async () => (await client.call("/api/v1/namespaces/default/serviceaccounts/default")).code === 200, {
      timeoutMs: 10_000,
      what: "the service account of default",
    });
    // It takes half a minute to be given up; everything else goes on meanwhile.
    slow = sendAndWait(client.tls(), "GET /version HTTP/1.1\r\nhost: x\r\n");
  });
  after(async () => {
    assert.equal(await server.stop(), 0);
  });

  const refused = (
    answer: Answer,
    expected: { readonly code: number; readonly reason: string; readonly message: RegExp | string },
  ): void => {
    assert.equal(answer.code, expected.code, answer.text.slice(0, 300));
    const { status } = answer;
    assert.equal(status.kind, "Status");
    assert.equal(status.apiVersion, "v1");
    assert.equal(status.status, "Failure");
    assert.equal(status.code, expected.code);
    assert.equal(status.reason, expected.reason);
    if (typeof expected.message === "string") assert.equal(status.message, expected.message);
    else assert.match(status.message ?? "", expected.message);
  };
  const healthy = async (): Promise<void> => {
    assert.ok(server.isRunning, server.log.slice(-1000));
    const startedAt = performance.now();
    assert.equal((await client.call("/readyz")).text, "ok");
    assert.ok(performance.now() - startedAt < 2_000, "answers soon");
  };

  it("bodies that are no JSON, or nested without end", async () => {
    const BAD = { code: 400, reason: "BadRequest" };
    refused(await client.post(CONFIG_MAPS, "{nonsense"), {
      ...BAD,
      message: /couldn't get version\/kind; json parse error/,
    });
    refused(await client.post(CONFIG_MAPS, ""), { ...BAD, message: /./ });
    refused(await client.post(CONFIG_MAPS, "null"), { ...BAD, message: /./ });
    refused(await client.post(CONFIG_MAPS, '"text"'), { ...BAD, message: /./ });
    refused(await client.post(CONFIG_MAPS, "[".repeat(1_000_000)), { ...BAD, message: /./ });
    refused(await client.post(CONFIG_MAPS, '{"a":'.repeat(500_000)), { ...BAD, message: /./ });
    const nested = `{"metadata":{"name":"n"},"x":${"[".repeat(500_000)}${"]".repeat(500_000)}}`;
    refused(await client.post(CONFIG_MAPS, nested), { ...BAD, message: /./ });
    refused(
      await client.call(`${CONFIG_MAPS}/x`, {
        method: "PATCH",
        headers: { "content-type": "application/merge-patch+json" },
        body: "[".repeat(1_000_000),
      }),
      { ...BAD, message: /./ },
    );
    await healthy();
  });

  it("bodies larger than 3 MiB, with their length and without", async () => {
    const large = { code: 413, reason: "RequestEntityTooLarge", message: "Request entity too large: limit is 3145728" };
    const body = JSON.stringify({ metadata: { name: "large" }, data: { x: "y".repeat(10 << 20) } });
    refused(await client.post(CONFIG_MAPS, body), large);
    refused(await client.post(CONFIG_MAPS, body, { "transfer-encoding": "chunked" }), large);
    const wide = await client.post(CONFIG_MAPS, { metadata: { name: "wide" }, data: { x: "y".repeat(1_100_000) } });
    refused(wide, {
      code: 422,
      reason: "Invalid",
      message: /ConfigMap "wide" is invalid: .*Too long: (may|must) not be more than 1048576 bytes/,
    });
    await healthy();
  });

  it("kinds, resources and verbs that there are not", async () => {
    const missing = { code: 404, reason: "NotFound", message: "the server could not find the requested resource" };
    refused(await client.post("/api/v1/namespaces/default/unknowns", {}), missing);
    refused(await client.call("/apis/no.such.group/v1/things"), missing);
    refused(await client.call("/apis/apps/v9/deployments"), missing);
    refused(await client.call(`${PODS}/p/nothing`), missing);
    refused(await client.call(`${CONFIG_MAPS}/absent`), {
      code: 404,
      reason: "NotFound",
      message: 'configmaps "absent" not found',
    });
    refused(await client.post(CONFIG_MAPS, { kind: "Pod", apiVersion: "v1" }), {
      code: 400,
      reason: "BadRequest",
      message: /Pod in version "v1" cannot be handled as a ConfigMap/,
    });
    refused(await client.call(`${CONFIG_MAPS}/absent`, { method: "POST" }), {
      code: 405,
      reason: "MethodNotAllowed",
      message: "the server does not allow this method on the requested resource",
    });
    const apply = await client.post("/api/v1/namespaces/absent/configmaps", { metadata: { name: "a" } });
    refused(apply, { code: 404, reason: "NotFound", message: 'namespaces "absent" not found' });
  });

  it("fields of the wrong type, and unknown ones where they are refused", async () => {
    refused(await client.post(DEPLOYMENTS, { metadata: { name: "d" }, spec: { replicas: "3" } }), {
      code: 400,
      reason: "BadRequest",
      message:
        'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    });
    refused(await client.post(CONFIG_MAPS, [1]), {
      code: 400,
      reason: "BadRequest",
      message: /cannot unmarshal array/,
    });
    refused(await client.post(CONFIG_MAPS, { metadata: { name: "a" }, data: { a: 1 } }), {
      code: 400,
      reason: "BadRequest",
      message: /cannot unmarshal number into Go struct field ConfigMap.data of type string/,
    });
    refused(await client.post(`${CONFIG_MAPS}?fieldValidation=Strict`, { metadata: { name: "a" }, dta: {} }), {
      code: 400,
      reason: "BadRequest",
      message: /strict decoding error: unknown field "dta"/,
    });
    const warned = await client.post(CONFIG_MAPS, { metadata: { name: "warned" }, dta: {} });
    assert.equal(warned.code, 201);
    assert.equal(warned.headers["warning"], '299 - "unknown field \\"dta\\""');
  });

  it("names and objects that are not valid, each cause told", async () => {
    const answer = await client.post(CONFIG_MAPS, { metadata: { name: "Not_A_Name" } });
    refused(answer, {
      code: 422,
      reason: "Invalid",
      message:
        /^ConfigMap "Not_A_Name" is invalid: metadata.name: Invalid value: "Not_A_Name": a lowercase RFC 1123 subdomain must consist of/,
    });
    const { details } = answer.status;
    assert.equal(details?.name, "Not_A_Name");
    assert.equal(details?.kind, "ConfigMap");
    assert.deepEqual(
      details?.causes?.map(({ reason, field }) => ({ reason, field })),
      [{ reason: "FieldValueInvalid", field: "metadata.name" }],
    );
    refused(await client.post(CONFIG_MAPS, { metadata: { name: "a".repeat(254) } }), {
      code: 422,
      reason: "Invalid",
      message: /must be no more than 253 (characters|bytes)/,
    });
    refused(await client.post("/api/v1/namespaces", { metadata: { name: "a.b" } }), {
      code: 422,
      reason: "Invalid",
      message: /a lowercase RFC 1123 label must consist of/,
    });
    refused(await client.post(CONFIG_MAPS, { data: {} }), {
      code: 422,
      reason: "Invalid",
      message: /metadata.name: Required value: name or generateName is required/,
    });
    const pod = await client.post(PODS, { metadata: { name: "p", labels: { "a b": "c" } }, spec: { containers: [] } });
    refused(pod, { code: 422, reason: "Invalid", message: /spec.containers: Required value/ });
    assert.deepEqual(pod.status.details?.causes?.map((cause) => cause.field).sort(), [
      "metadata.labels",
      "spec.containers",
    ]);
    refused(await client.post(CONFIG_MAPS, { metadata: { name: "a", namespace: "other" } }), {
      code: 400,
      reason: "BadRequest",
      message: "the namespace of the provided object does not match the namespace sent on the request",
    });
  });

  it("formats and selectors that cannot be read", async () => {
    refused(await client.post(CONFIG_MAPS, "{}", { "content-type": "text/plain" }), {
      code: 415,
      reason: "UnsupportedMediaType",
      message: /^the body of the request was in an unknown format - accepted media types include: application\/json/,
    });
    refused(
      await client.call(`${CONFIG_MAPS}/warned`, {
        method: "PATCH",
        headers: { "content-type": "application/json" },
        body: "{}",
      }),
      {
        code: 415,
        reason: "UnsupportedMediaType",
        message: /accepted media types include: application\/json-patch\+json/,
      },
    );
    refused(await client.call(CONFIG_MAPS, { headers: { accept: "image/png" } }), {
      code: 406,
      reason: "NotAcceptable",
      message: /^only the following media types are accepted: application\/json/,
    });
    refused(await client.call(`${CONFIG_MAPS}?labelSelector=a%20b`), {
      code: 400,
      reason: "BadRequest",
      message: /unable to parse requirement/,
    });
    refused(await client.call(`${CONFIG_MAPS}?labelSelector=a%20in%20(`), {
      code: 400,
      reason: "BadRequest",
      message: /./,
    });
    refused(await client.call(`${CONFIG_MAPS}?fieldSelector=spec.x%3D1`), {
      code: 400,
      reason: "BadRequest",
      message: /^"spec.x" is not a known field selector/,
    });
    refused(await client.call(`${CONFIG_MAPS}?limit=x`), { code: 400, reason: "BadRequest", message: /./ });
    refused(await client.call(`${CONFIG_MAPS}?continue=x&limit=1`), {
      code: 400,
      reason: "BadRequest",
      message: /continue key is not valid/,
    });
    refused(await client.call(`${CONFIG_MAPS}?watch=true&resourceVersion=x`), {
      code: 400,
      reason: "BadRequest",
      message: /invalid syntax/,
    });
    refused(await client.call(`${CONFIG_MAPS}/%zz`), { code: 400, reason: "BadRequest", message: /./ });
  });

  it("a watch from a revision whose history is gone", async () => {
    // More than memory keeps of one resource's past.
    const data = { x: "y".repeat(1_000_000) };
    for (let i = 0; i < 12; i++)
      assert.equal((await client.post(CONFIG_MAPS, { metadata: { name: `l${i}` }, data })).code, 201);
    let answer: Answer | undefined;
    await until(
      async () => {
        const body = JSON.stringify({ metadata: { labels: { now: String(Date.now()) } } });
        await client.call(`${CONFIG_MAPS}/l0`, {
          method: "PATCH",
          headers: { "content-type": "application/merge-patch+json" },
          body,
        });
        answer = await client.call(`${CONFIG_MAPS}?watch=true&timeoutSeconds=1&resourceVersion=1`);
        return answer.text.includes('"ERROR"') || answer.code !== 200;
      },
      { timeoutMs: 15_000, intervalMs: 200, what: "revision 1 compacted" },
    );
    assert.equal(answer?.code, 200);
    const event = JSON.parse(answer?.text ?? "") as { type: string; object: Record<string, unknown> };
    assert.equal(event.type, "ERROR");
    assert.equal(event.object["code"], 410);
    assert.equal(event.object["reason"], "Expired");
    assert.match(String(event.object["message"]), /^too old resource version: 1 \(\d+\)$/);
    const future = await client.call(`${CONFIG_MAPS}?resourceVersion=999999999`);
    refused(future, {
      code: 504,
      reason: "Timeout",
      message: /^Timeout: Too large resource version: 999999999, current: \d+$/,
    });
  });

  it("bytes that are no TLS, no HTTP, or too much of it", async () => {
    for (let i = 0; i < 20; i++)
      await sendAndWait(client.tcp(), Buffer.concat([randomBytes(500), Buffer.from("\r\n\r\n")]));
    await sendAndWait(client.tcp(), "GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    for (const protocols of [["http/1.1"], ["h2"]])
      await sendAndWait(client.tls(protocols), Buffer.concat([randomBytes(5_000), Buffer.from("\r\n\r\n")]));
    const { text } = await sendAndWait(client.tls(), `GET / HTTP/1.1\r\nx: ${"y".repeat(2 << 20)}\r\n\r\n`);
    assert.match(text, /^HTTP\/1.1 431 /);
    await sendAndWait(client.tls(), "GET / HTTP/9.9\r\n\r\n");
    await sendAndWait(client.tls(), `POST ${CONFIG_MAPS} HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n`);
    // Clients that come and go without a word.
    for (let i = 0; i < 50; i++)
      client
        .tcp()
        .on("error", () => undefined)
        .destroy();
    const gone = client.tls();
    await once(gone, "secureConnect");
    gone.write(
      `POST ${CONFIG_MAPS} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n{`,
    );
    gone.destroy();
    await healthy();
  });

  it("a client that never finishes its headers", async () => {
    const { text, ms } = await slow;
    assert.match(text, /^HTTP\/1.1 408 |^$/);
    assert.ok(ms < SLOW_LIMIT_MS, `${Math.round(ms)} ms`);
    await healthy();
  });

  it("left no trace: no error logged, and what was stored is there", async () => {
    const lines = server.log.split("\n").filter((line) => line.includes('"level":"error"'));
    assert.deepEqual(lines, []);
    assert.equal((await client.call(`${CONFIG_MAPS}/warned`)).code, 200);
    for (const name of ["a", "large", "wide"]) assert.equal((await client.call(`${CONFIG_MAPS}/${name}`)).code, 404);
  });
});
