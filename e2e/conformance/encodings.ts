import { parse, stringify } from "yaml";
import { loadProtobufCodec } from "#pkg/api/protobuf/index.ts";

/** One form in which bodies go and come. */
export interface Encoding {
  /** As the table writes it. */
  readonly letter: "J" | "Y" | "P";
  readonly type: string;
  /** Absent where the form has no frames: YAML cannot be watched. */
  readonly watch?: { readonly accept: string; readonly read: (bytes: Buffer) => WatchFrame | undefined };
  encode(object: object): string | Uint8Array;
  decode(bytes: Buffer): Record<string, unknown>;
}

export interface WatchFrame {
  readonly type: string;
  readonly object: Record<string, unknown>;
}

const PROTOBUF = "application/vnd.kubernetes.protobuf";

/** JSON, YAML and Kubernetes protobuf. */
export async function allEncodings(): Promise<readonly Encoding[]> {
  const codec = await loadProtobufCodec();
  return [
    {
      letter: "J",
      type: "application/json",
      watch: {
        accept: "application/json",
        read(bytes) {
          const end = bytes.indexOf("\n");
          return end < 0 ? undefined : (JSON.parse(bytes.subarray(0, end).toString()) as WatchFrame);
        },
      },
      encode: (object) => JSON.stringify(object),
      decode: (bytes) => JSON.parse(bytes.toString()) as Record<string, unknown>,
    },
    {
      letter: "Y",
      type: "application/yaml",
      encode: (object) => stringify(object),
      decode: (bytes) => parse(bytes.toString()) as Record<string, unknown>,
    },
    {
      letter: "P",
      type: PROTOBUF,
      watch: {
        accept: `${PROTOBUF};stream=watch`,
        read(bytes) {
          if (bytes.length < 4 || bytes.length < 4 + bytes.readUInt32BE(0)) return undefined;
          return readFrame(bytes.subarray(4, 4 + bytes.readUInt32BE(0)), decode);
        },
      },
      encode: (object) => codec.encode(object),
      decode,
    },
  ];
  function decode(bytes: Buffer): Record<string, unknown> {
    const { kind, apiVersion, object } = codec.decode(bytes);
    return { kind, apiVersion, ...object };
  }
}

/** metav1.WatchEvent: type in field 1, RawExtension in field 2, whose field 1 is the object in its envelope. */
function readFrame(frame: Buffer, decode: (bytes: Buffer) => Record<string, unknown>): WatchFrame {
  const event = readFields(frame);
  const extension = readFields(event.get(2) as Buffer);
  return { type: String(event.get(1)), object: decode(extension.get(1) as Buffer) };
}

/** The length-delimited fields of a message. */
function readFields(bytes: Buffer): ReadonlyMap<number, Buffer> {
  const fields = new Map<number, Buffer>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes.readUInt8(at++);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const field = varint() >>> 3;
    const length = varint();
    fields.set(field, bytes.subarray(at, at + length));
    at += length;
  }
  return fields;
}
