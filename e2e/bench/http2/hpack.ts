// The part of HPACK (RFC 7541) that a client needs which announces a dynamic table of no size and reads nothing but the
// status: requests are literals that nobody stores, made once; an answer is read as far as its first field.
import { MAX_PAYLOAD_BYTES, ProtocolError } from "./frames.ts";

export type HeaderFields = Readonly<Record<string, string>>;

/** Names of the static table that requests use (appendix A). */
const STATIC_NAMES: Readonly<Record<string, number>> = {
  ":authority": 1,
  ":method": 2,
  ":path": 4,
  ":scheme": 6,
  accept: 19,
  authorization: 23,
  "content-length": 28,
  "content-type": 31,
};

/** A header block, for one frame. Pseudo-header fields must come first; names are in lower case. */
export function encodeHeaders(fields: HeaderFields): Buffer {
  const parts: Buffer[] = [];
  for (const [name, value] of Object.entries(fields)) {
    const index = STATIC_NAMES[name] ?? 0;
    parts.push(integer(index, 4));
    if (index === 0) parts.push(...string(name));
    parts.push(...string(value));
  }
  const block = Buffer.concat(parts);
  if (block.length > MAX_PAYLOAD_BYTES) throw new Error(`headers of ${block.length} bytes do not fit one frame`);
  return block;
}

/** Not Huffman-coded: its reader has the less to do. */
function string(text: string): [Buffer, Buffer] {
  const bytes = Buffer.from(text, "latin1");
  return [integer(bytes.length, 7), bytes];
}

/** Section 5.1, below a prefix pattern of zeros. */
function integer(value: number, prefixBits: number): Buffer {
  const most = (1 << prefixBits) - 1;
  if (value < most) return Buffer.of(value);
  const bytes = [most];
  let rest = value - most;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}

/** The static table's entries with the name ":status", from this index on. */
const FIRST_STATUS = 8;
const STATUSES = [200, 204, 206, 304, 400, 404, 500] as const;

/**
 * The status that the header block in `bytes` from `start` to `end` begins with; pseudo-header fields come first.
 *
 * @throws {ProtocolError} when it begins with anything else
 */
export function readStatus(bytes: Buffer, start: number, end: number): number {
  let at = start;
  // After SETTINGS that change the table's size the other side says that it has understood (4.2).
  while (((bytes[at] as number) & 0xe0) === 0x20) at = afterInteger(bytes, at, 5);
  const first = bytes[at] as number;
  if (first >= 0x80) return STATUSES[(first & 0x7f) - FIRST_STATUS] ?? unreadable();
  // With incremental indexing (into a table that holds nothing), without, or never indexed.
  const name = first >= 0x40 ? first & 0x3f : first & 0x0f;
  if (name < FIRST_STATUS || name >= FIRST_STATUS + STATUSES.length) return unreadable();
  const length = bytes[at + 1] as number;
  at += 2;
  if (at + (length & 0x7f) > end) return unreadable();
  const status = length >= 0x80 ? huffmanDigits(bytes, at, length & 0x7f) : plainDigits(bytes, at, length);
  return status >= 100 && status <= 999 ? status : unreadable();
}

function afterInteger(bytes: Buffer, start: number, prefixBits: number): number {
  const most = (1 << prefixBits) - 1;
  let at = start;
  if (((bytes[at++] as number) & most) === most) while ((bytes[at++] as number) >= 0x80);
  return at;
}

function plainDigits(bytes: Buffer, start: number, length: number): number {
  let number = 0;
  for (let at = start; at < start + length; at++) number = number * 10 + (bytes[at] as number) - 0x30;
  return length === 3 ? number : 0;
}

/** Appendix B: "0" to "2" are the five bits 00000 to 00010, "3" to "9" the six bits 011001 to 011111. */
function huffmanDigits(bytes: Buffer, start: number, length: number): number {
  // Three digits take 15 to 18 bits, and what is left of the last byte is ones.
  if (length < 2 || length > 3) return 0;
  let bits = 0;
  for (let i = 0; i < 4; i++) bits = (bits << 8) | (i < length ? (bytes[start + i] as number) : 0xff);
  let number = 0;
  let left = 32;
  for (let digit = 0; digit < 3; digit++) {
    const five = (bits >>> (left - 5)) & 0x1f;
    if (five <= 2) {
      number = number * 10 + five;
      left -= 5;
      continue;
    }
    const six = (bits >>> (left - 6)) & 0x3f;
    if (six < 0x19 || six > 0x1f) return 0;
    number = number * 10 + six - 0x19 + 3;
    left -= 6;
  }
  return number;
}

function unreadable(): never {
  throw new ProtocolError("an answer does not begin with its status");
}
