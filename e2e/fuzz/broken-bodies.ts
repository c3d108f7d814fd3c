import { ALIAS_BOMB } from "./mutate.ts";

export const PROTOBUF = "application/vnd.kubernetes.protobuf";

/** Bodies that no mutation of an object makes. */
export const BROKEN_BODIES: readonly (readonly [type: string, body: string | Uint8Array])[] = [
  ["application/yaml", ALIAS_BOMB],
  ["application/yaml", `${ALIAS_BOMB}# ${"x".repeat(20_000)}`],
  ["application/yaml", `${"- ".repeat(20_000)}x`],
  ["application/yaml", "a: &a [*a]"],
  ["application/yaml", "a: .inf\n---\nb: 1\n"],
  ["application/yaml", '"'.repeat(300_000)],
  ["application/json", "[".repeat(50_000)],
  ["application/json", '{"a":'.repeat(20_000)],
  ["application/json", Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
  ["application/json", `{"metadata":{"name":"x"},"__proto__":{"polluted":true}}`],
  ["application/json", `{"${"k".repeat(100_000)}":1}`],
  [PROTOBUF, Buffer.from("k8s\0\u000a\u00ff\u00ff\u00ff\u00ff\u007f", "latin1")],
  [PROTOBUF, Buffer.from("not protobuf")],
  ["application/cbor", Buffer.from([0xd9, 0xd9, 0xf7, 0xa0])],
];
