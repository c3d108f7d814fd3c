import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DecodeError } from "../schema/decode-error.ts";
import { loadProtobufCodec } from "./index.ts";

const codec = await loadProtobufCodec();
const bytesOf = (parts: readonly (string | number)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.from([part]))));
const envelope = (apiVersion: string, kind: string, raw: readonly number[]): Buffer => {
  const type = [0x0a, apiVersion.length, apiVersion, 0x12, kind.length, kind];
  return bytesOf(["k8s\0", 0x0a, apiVersion.length + kind.length + 4, ...type, 0x12, raw.length, ...raw]);
};
/** Takes an object to bytes and back. */
function roundTrip(object: object): object {
  const { apiVersion, kind, object: read } = codec.decode(codec.encode(object));
  return { apiVersion, kind, ...read };
}

describe("ProtobufCodec", () => {
  it("writes what Go's types write: the envelope, zero values, map keys in order", () => {
    const configMap = { kind: "ConfigMap", apiVersion: "v1", metadata: { name: "n" }, data: { b: "2", a: "1" } };
    // ObjectMeta: name, then generateName to resourceVersion empty, generation 0, an empty creationTimestamp.
    const metadata = [0x0a, 1, "n", 0x12, 0, 0x1a, 0, 0x22, 0, 0x2a, 0, 0x32, 0, 0x38, 0, 0x42, 0];
    const object = [0x0a, 17, ...metadata, 0x12, 6, 0x0a, 1, "a", 0x12, 1, "1", 0x12, 6, 0x0a, 1, "b", 0x12, 1, "2"];
    const type = [0x0a, 2, "v1", 0x12, 9, "ConfigMap"];
    const expected = bytesOf(["k8s\0", 0x0a, 15, ...type, 0x12, 35, ...object, 0x1a, 0, 0x22, 0]);
    assert.equal(codec.encode(configMap).toString("hex"), expected.toString("hex"));
    assert.deepEqual(roundTrip(configMap), configMap);
  });

  it("keeps zero where it is not the same as absent, and leaves it out elsewhere", () => {
    const read = roundTrip({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web", generation: 0, labels: {} },
      spec: {
        replicas: 0,
        minReadySeconds: 0,
        paused: false,
        selector: { matchLabels: { app: "web" } },
        template: {
          spec: {
            hostNetwork: false,
            enableServiceLinks: false,
            containers: [{ name: "c", image: "", livenessProbe: { tcpSocket: { port: 80 }, periodSeconds: 0 } }],
            volumes: [{ name: "v", emptyDir: {} }],
          },
        },
      },
    });
    assert.deepEqual(read, {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web" },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: "web" } },
        template: {
          metadata: {},
          spec: {
            enableServiceLinks: false,
            containers: [{ name: "c", resources: {}, livenessProbe: { tcpSocket: { port: 80 } } }],
            volumes: [{ name: "v", emptyDir: {} }],
          },
        },
        strategy: {},
      },
      status: {},
    });
  });

  it("carries numbers of any size and sign, texts beyond ASCII, bytes, times and quantities", () => {
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: "ü".repeat(50),
        annotations: JSON.parse(`{"__proto__":"y","🙂":"z"}`) as object,
        creationTimestamp: "1969-12-31T23:59:59Z",
        generation: Number.MAX_SAFE_INTEGER,
      },
      spec: {
        priority: -2147483648,
        securityContext: { supplementalGroups: [0, 1 << 20] },
        containers: [{ name: "c", resources: { limits: { cpu: "100m" } }, ports: [{ containerPort: 0 }] }],
      },
      status: {},
    };
    assert.deepEqual(roundTrip(pod), pod);
    const lease = { renewTime: "2026-01-02T03:04:05.000006Z", holderIdentity: "" };
    const read = roundTrip({ apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: {}, spec: lease });
    assert.deepEqual((read as { spec: object }).spec, lease);
    const secret = { apiVersion: "v1", kind: "Secret", metadata: {}, data: { a: "AAH/", b: "" }, immutable: false };
    assert.deepEqual(roundTrip(secret), secret);
  });

  it("gives schemas of CustomResourceDefinitions the forms of their fields", () => {
    const schema = {
      type: "object",
      default: { a: [1, null] },
      enum: ["x", 1],
      maximum: 0,
      $ref: "#/x",
      properties: { list: { items: { type: "string" }, additionalProperties: true } },
      additionalProperties: false,
      "x-kubernetes-int-or-string": true,
      "x-kubernetes-preserve-unknown-fields": false,
      "x-kubernetes-list-map-keys": ["k"],
    };
    const names = { plural: "ps", kind: "P" };
    const version = { name: "v1", served: true, storage: false, schema: { openAPIV3Schema: schema } };
    const crd = {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: {},
      spec: { group: "g", names, scope: "Cluster", versions: [version] },
    };
    assert.deepEqual(roundTrip(crd), { ...crd, status: { acceptedNames: { plural: "", kind: "" } } });
  });

  it("reads objects in fields from JSON and from an envelope", () => {
    const inner = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "n" } };
    const revision = { apiVersion: "apps/v1", kind: "ControllerRevision", metadata: {}, data: inner, revision: 0 };
    assert.deepEqual(roundTrip(revision), revision);
    const enveloped = codec.encode(inner);
    const data = [0x12, enveloped.length + 2, 0x0a, enveloped.length, ...enveloped];
    assert.deepEqual(codec.decode(envelope("apps/v1", "ControllerRevision", data)).object, { data: inner });
  });

  it("frames events of a watch with their length", () => {
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "n" } };
    const frame = codec.encodeWatchEvent("ADDED", object);
    const encoded = codec.encode(object);
    assert.equal(frame.readUInt32BE(0), frame.length - 4);
    const { length } = encoded;
    const expected = bytesOf([0x0a, 5, "ADDED", 0x12, length + 2, 0x0a, length]);
    assert.equal(frame.subarray(4).toString("hex"), Buffer.concat([expected, encoded]).toString("hex"));
  });

  it("knows lists, Status and options of any group, and no custom kinds", () => {
    const items = [{ metadata: { name: "a" }, data: { k: "v" } }, { metadata: { name: "b" } }];
    const list = { apiVersion: "v1", kind: "ConfigMapList", metadata: { resourceVersion: "7" }, items };
    assert.deepEqual(roundTrip(list), list);
    const options = {
      apiVersion: "apps/v1",
      kind: "DeleteOptions",
      gracePeriodSeconds: 0,
      propagationPolicy: "Orphan",
    };
    assert.deepEqual(roundTrip(options), options);
    assert.equal(codec.knows("v1", "Status"), true);
    assert.equal(codec.knows("meta.k8s.io/v1", "Table"), false);
    assert.equal(codec.knows("meta.k8s.io/v1", "PartialObjectMetadataList"), true);
    assert.equal(codec.serves("apps.example.com/v1"), false);
    assert.throws(() => codec.encode({ apiVersion: "example.com/v1", kind: "Pod" }), /no protobuf form/);
  });

  it("refuses what is no message", () => {
    assert.deepEqual(codec.decode(envelope("v1", "Pod", [])).object, {});
    for (const body of [
      Buffer.from("{}"),
      envelope("v1", "Nothing", []),
      envelope("v1", "Pod", [0xff]),
      envelope("v1", "Pod", [0x0a, 0x7f]),
      envelope("v1", "Pod", [0x08, 0x01]),
      envelope("v1", "Pod", [0x0a, 2, 0x38, 0xff]),
      envelope("v1", "Pod", [0x0a, 11, 0x38, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
    ])
      assert.throws(() => codec.decode(body), DecodeError);
  });
});
