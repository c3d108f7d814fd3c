import type { Random } from "./random.ts";

/** "k8s\0", before every message of the API. */
const MAGIC_LENGTH = 4;
const DEPTH = 12;
/** Varints that lie: about lengths, or beyond 64 bits. */
const VARINTS = [
  [0x00],
  [0x01],
  [0x7f],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  Array<number>(9).fill(0xff).concat(0x01),
  Array<number>(11).fill(0xff),
];

interface Field {
  readonly number: number;
  readonly wireType: number;
  /** Where it begins, where its value does (after a length), and where it ends. */
  readonly at: number;
  readonly value: number;
  readonly end: number;
}

/** A protobuf body with a field of it, however deep, taken out, doubled, renumbered, retyped or given other content. */
export function mutateMessage(random: Random, body: Uint8Array): Buffer {
  const bytes = Buffer.from(body);
  return Buffer.concat([bytes.subarray(0, MAGIC_LENGTH), mutated(random, bytes.subarray(MAGIC_LENGTH), DEPTH)]);
}

function mutated(random: Random, message: Buffer, depth: number): Buffer {
  const fields = fieldsOf(message);
  if (fields === undefined || fields.length === 0) return Buffer.concat([message, randomField(random)]);
  const field = random.pick(fields);
  const { number, wireType, at, value, end } = field;
  const before = message.subarray(0, at);
  const after = message.subarray(end);
  const whole = message.subarray(at, end);
  const content = message.subarray(value, end);
  if (wireType === 2 && depth > 0 && random.chance(0.8) && (fieldsOf(content)?.length ?? 0) > 0)
    return Buffer.concat([before, lengthDelimited(number, mutated(random, content, depth - 1)), after]);
  switch (random.below(7)) {
    case 0:
      return Buffer.concat([before, after]);
    case 1:
      return Buffer.concat([before, whole, whole, after]);
    case 2:
      return Buffer.concat([
        before,
        tag(1 + random.below(40), wireType),
        message.subarray(value - (wireType === 2 ? varint(end - value).length : 0), end),
        after,
      ]);
    case 3:
      return Buffer.concat([before, tag(number, random.below(8)), content, after]);
    case 4:
      return Buffer.concat([before, tag(number, wireType), Buffer.from(random.pick(VARINTS)), after]);
    case 5: {
      let nested = content;
      for (let i = random.pick([3, 100, 3_000]); i > 0; i--) nested = lengthDelimited(number, nested);
      return Buffer.concat([before, nested, after]);
    }
    default:
      return Buffer.concat([before, whole, randomField(random), after]);
  }
}

/** Undefined for what is no message: text, for one. */
function fieldsOf(message: Buffer): Field[] | undefined {
  const fields: Field[] = [];
  for (let at = 0; at < message.length; ) {
    const [key, afterKey] = readVarint(message, at);
    const wireType = key % 8;
    const [length, value] = wireType === 2 ? readVarint(message, afterKey) : [0, afterKey];
    const end =
      wireType === 0 ? readVarint(message, afterKey)[1] : value + (wireType === 2 ? length : wireType === 1 ? 8 : 4);
    if (key < 8 || ![0, 1, 2, 5].includes(wireType) || !(end <= message.length)) return undefined;
    fields.push({ number: Math.floor(key / 8), wireType, at, value, end });
    at = end;
  }
  return fields;
}

function readVarint(bytes: Buffer, at: number): readonly [value: number, end: number] {
  let value = 0;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return [value, at + i + 1];
  }
  return [Number.NaN, Number.NaN];
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return Buffer.from([...bytes, left]);
    bytes.push((left % 128) | 0x80);
  }
}

const tag = (number: number, wireType: number): Buffer => varint(number * 8 + wireType);
const lengthDelimited = (number: number, content: Buffer): Buffer =>
  Buffer.concat([tag(number, 2), varint(content.length), content]);

function randomField(random: Random): Buffer {
  const content = Buffer.from(Array.from({ length: random.below(20) }, () => random.below(256)));
  return random.chance(0.5)
    ? lengthDelimited(1 + random.below(2_000), content)
    : Buffer.concat([tag(1 + random.below(30), 0), Buffer.from(random.pick(VARINTS))]);
}
