import assert from "node:assert/strict";
import { once } from "node:events";
import type { ClientHttp2Session } from "node:http2";
import { after, before, describe, it } from "node:test";
import { loadProtobufCodec } from "#pkg/api/protobuf/index.ts";
import { startTestServer, type TestServer } from "../testing.ts";
import { negotiate } from "./negotiate.ts";
import { type Answer, call as send, listenForTest, ROOT } from "./testing.ts";

const PROTOBUF = "application/vnd.kubernetes.protobuf";
const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
const codec = await loadProtobufCodec();

describe("protobuf over HTTPS", () => {
  let test: TestServer;
  let session: ClientHttp2Session;
  before(async () => {
    test = await startTestServer();
    session = await (await listenForTest(test)).session(...ROOT);
  });
  after(() => test.close());

  const call = (method: string, path: string, body?: Uint8Array, accept = PROTOBUF): Promise<Answer> =>
    send(session, path, { method, headers: { accept, "content-type": PROTOBUF }, body: body ?? Buffer.alloc(0) });
  /** The object of a protobuf answer. */
  async function ask(
    method: string,
    path: string,
    body?: object,
  ): Promise<Record<string, any>> /* oxlint-disable-line no-explicit-any -- whatever was answered */ {
    const answer = await call(method, path, body && codec.encode(body));
    assert.equal(answer.headers["content-type"], PROTOBUF);
    const { kind, object } = codec.decode(answer.body);
    return { code: answer.status, kind, ...object };
  }
  const configMap = (name: string): object => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name },
    data: { k: "v" },
  });

  it("creates, reads, lists, changes and deletes", async () => {
    const created = await ask("POST", CONFIG_MAPS, configMap("a"));
    assert.equal(created["code"], 201);
    assert.equal(created["kind"], "ConfigMap");
    assert.deepEqual(created["data"], { k: "v" });
    assert.match(created["metadata"].resourceVersion, /^\d+$/);
    assert.deepEqual((await ask("GET", `${CONFIG_MAPS}/a`))["metadata"], created["metadata"]);
    const list = await ask("GET", `${CONFIG_MAPS}?fieldSelector=metadata.name%3Da`);
    assert.equal(list["kind"], "ConfigMapList");
    assert.deepEqual(list["items"], [{ metadata: created["metadata"], data: { k: "v" } }]);
    const { code: _code, ...object } = created;
    const updated = await ask("PUT", `${CONFIG_MAPS}/a`, { ...object, apiVersion: "v1", data: { k: "w" } });
    assert.deepEqual(updated["data"], { k: "w" });
    const options = { apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid: "other" } };
    assert.equal((await ask("DELETE", `${CONFIG_MAPS}/a`, options))["reason"], "Conflict");
    assert.equal((await ask("DELETE", `${CONFIG_MAPS}/a`))["status"], "Success");
    assert.equal((await ask("GET", `${CONFIG_MAPS}/a`))["reason"], "NotFound");
  });

  it("frames watches", async () => {
    const { metadata } = await ask("GET", CONFIG_MAPS);
    const stream = session.request({
      ":path": `${CONFIG_MAPS}?watch=1&resourceVersion=${metadata.resourceVersion}`,
      accept: `${PROTOBUF},application/json`,
    });
    const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
    assert.equal(headers["content-type"], `${PROTOBUF};stream=watch`);
    const created = await call("POST", CONFIG_MAPS, codec.encode(configMap("seen")));
    const [chunk] = (await once(stream, "data")) as [Buffer];
    assert.equal(chunk.readUInt32BE(0), chunk.length - 4);
    assert.notEqual(chunk.indexOf(created.body), -1);
    stream.close();
  });

  it("shows metadata alone, Tables as JSON, and refuses bytes that are no object", async () => {
    await ask("POST", CONFIG_MAPS, configMap("m"));
    const as = (kind: string): string => `${PROTOBUF};as=${kind};g=meta.k8s.io;v=v1`;
    const partial = await call("GET", CONFIG_MAPS, undefined, as("PartialObjectMetadataList"));
    assert.equal(codec.decode(partial.body).kind, "PartialObjectMetadataList");
    const table = await call(
      "GET",
      CONFIG_MAPS,
      undefined,
      `${as("Table")},application/json;as=Table;g=meta.k8s.io;v=v1`,
    );
    assert.equal(JSON.parse(table.body.toString()).kind, "Table");
    assert.equal((await call("GET", CONFIG_MAPS, undefined, as("Table"))).status, 406);
    assert.equal((await call("POST", CONFIG_MAPS, Buffer.from("{}"))).status, 400);
    assert.equal((await call("POST", CONFIG_MAPS, codec.encode({ apiVersion: "v1", kind: "Pod" }))).status, 400);
  });
});

describe("negotiate", () => {
  it("offers custom resources only as metadata", () => {
    const custom = { codec, wholeObjects: false };
    assert.equal(negotiate(PROTOBUF, custom), undefined);
    assert.equal(negotiate(`${PROTOBUF},application/json`, custom)?.encoding, "json");
    assert.equal(negotiate(`${PROTOBUF};as=PartialObjectMetadata;g=meta.k8s.io;v=v1`, custom)?.encoding, "protobuf");
  });
});
