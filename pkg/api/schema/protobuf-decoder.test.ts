import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DecodeError } from "./decode-error.ts";
import { decodeProtobuf, type ProtobufTable } from "./protobuf-decoder.ts";
import table from "./tables/protobuf.json" with { type: "json" };
import { typeOfKind } from "./type-name.ts";

const field = (number: number, content: Buffer | string): Buffer => {
  const bytes = Buffer.from(content as string);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
};
const varint = (number: number, value: number): Buffer => Buffer.from([number << 3, value]);
const envelope = (apiVersion: string, kind: string, raw: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from("k8s\0"),
    field(1, Buffer.concat([field(1, apiVersion), field(2, kind)])),
    field(2, raw),
    field(3, ""),
  ]);
const decode = (body: Uint8Array): unknown => decodeProtobuf(body, table as unknown as ProtobufTable, typeOfKind);

describe("decodeProtobuf", () => {
  it("reads objects, maps, zero values and embedded structs as JSON has them", () => {
    const label = Buffer.concat([field(1, "app"), field(2, "web")]);
    const metadata = Buffer.concat([field(1, "web"), field(2, ""), field(8, ""), field(11, label)]);
    const probe = Buffer.concat([
      field(1, field(3, field(1, Buffer.concat([varint(1, 0), varint(2, 80)])))),
      varint(2, 0),
    ]);
    const container = Buffer.concat([field(1, "c"), field(2, "image"), field(10, probe)]);
    const template = field(2, field(2, container));
    const body = envelope(
      "apps/v1",
      "Deployment",
      Buffer.concat([field(1, metadata), field(2, Buffer.concat([varint(1, 0), field(3, template), varint(5, 0)]))]),
    );
    assert.deepEqual(decode(body), {
      apiVersion: "apps/v1",
      kind: "Deployment",
      object: {
        metadata: { name: "web", labels: { app: "web" } },
        spec: {
          replicas: 0,
          template: {
            spec: { containers: [{ name: "c", image: "image", livenessProbe: { tcpSocket: { port: 80 } } }] },
          },
        },
      },
    });
  });

  it("refuses what is no message", () => {
    assert.throws(() => decode(Buffer.from("{}")), DecodeError);
    assert.throws(() => decode(envelope("v1", "Nothing", Buffer.alloc(0))), DecodeError);
    assert.throws(() => decode(envelope("v1", "Pod", Buffer.from([0xff]))), DecodeError);
  });
});
