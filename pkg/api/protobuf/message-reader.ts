import { DecodeError } from "../schema/decode-error.ts";
import type { Field, Message } from "./message-table.ts";

type Json = Record<string, unknown>;

/** How the bytes of fields that hold a whole object become a value. */
export type ReadEmbedded = (bytes: Buffer) => unknown;

/** protobuf.dev, "Encoding": how a field's value is laid out. */
const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;

/** Reads messages as their JSON form. One reader reads one buffer. */
export class MessageReader {
  readonly #bytes: Buffer;
  readonly #embedded: ReadEmbedded;
  #at = 0;

  constructor(bytes: Buffer, embedded: ReadEmbedded) {
    this.#bytes = bytes;
    this.#embedded = embedded;
  }

  /** The whole buffer as one message. @throws DecodeError when the bytes are none; RangeError when nested too deeply */
  read(message: Message): unknown {
    return this.#message(message, this.#bytes.length);
  }

  #message(message: Message, end: number): unknown {
    const out: Json = {};
    const { byNumber, form } = message;
    while (this.#at < end) {
      const tag = this.#varint(end);
      const field = byNumber[Math.floor(tag / 8)];
      const wire = tag & 7;
      if (field === undefined) this.#skip(tag, end);
      else if (field.shape === "single") this.#single(out, field, wire, end);
      else if (field.shape === "list") this.#append(out, field, wire, end);
      else this.#entry(out, field, wire, end);
    }
    if (this.#at > end) throw malformed();
    return form === undefined ? out : form.toJson(out);
  }

  #single(out: Json, field: Field, wire: number, end: number): void {
    const value = this.#value(field, wire, end);
    if (field.name === "") Object.assign(out, value);
    else if (isSet(field, value)) out[field.name] = value;
  }

  #append(out: Json, field: Field, wire: number, end: number): void {
    const list = (out[field.name] ??= []) as unknown[];
    const isNumber = field.type === "int" || field.type === "bool";
    if (!isNumber || wire !== DELIMITED) {
      list.push(this.#value(field, wire, end) ?? zeroOf(field));
      return;
    }
    // Numbers may come packed.
    const packedEnd = this.#delimited(end);
    while (this.#at < packedEnd) list.push(this.#value(field, VARINT, packedEnd));
  }

  #entry(out: Json, field: Field, wire: number, end: number): void {
    expect(wire, DELIMITED);
    const entryEnd = this.#delimited(end);
    let key = "";
    let value: unknown;
    while (this.#at < entryEnd) {
      const tag = this.#varint(entryEnd);
      if (tag >>> 3 === 1) key = this.#string(tag & 7, entryEnd);
      else if (tag >>> 3 === 2) value = this.#value(field, tag & 7, entryEnd);
      else this.#skip(tag, entryEnd);
    }
    const map = (out[field.name] ??= {}) as Json;
    value ??= zeroOf(field);
    // Plain assignment of "__proto__" would change the object's prototype instead of adding a member.
    if (key === "__proto__")
      Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
    else map[key] = value;
  }

  #value(field: Field, wire: number, end: number): unknown {
    switch (field.type) {
      case "string":
        return this.#string(wire, end);
      case "int":
        expect(wire, VARINT);
        return this.#varint(end);
      case "bool":
        expect(wire, VARINT);
        return this.#varint(end) !== 0;
      case "message": {
        expect(wire, DELIMITED);
        return this.#message(field.message as Message, this.#delimited(end));
      }
      case "double": {
        expect(wire, FIXED64);
        return this.#bytes.readDoubleLE(this.#advance(8, end));
      }
      case "bytes":
        return this.#slice(wire, end).toString("base64");
      case "json":
        return this.#embedded(this.#slice(wire, end));
      case "raw":
        return this.#slice(wire, end);
    }
  }

  #string(wire: number, end: number): string {
    expect(wire, DELIMITED);
    const valueEnd = this.#delimited(end);
    const start = this.#at;
    this.#at = valueEnd;
    return this.#bytes.toString("utf8", start, valueEnd);
  }

  #slice(wire: number, end: number): Buffer {
    expect(wire, DELIMITED);
    const valueEnd = this.#delimited(end);
    const bytes = this.#bytes.subarray(this.#at, valueEnd);
    this.#at = valueEnd;
    return bytes;
  }

  /** A varint as a signed 64-bit number. @throws DecodeError where a number would lose digits */
  #varint(end: number): number {
    const bytes = this.#bytes;
    if (this.#at < end && (bytes[this.#at] as number) < 0x80) return bytes[this.#at++] as number;
    let value = 0;
    for (let factor = 1; factor <= 2 ** 42; factor *= 128) {
      if (this.#at >= end) throw malformed();
      const byte = bytes[this.#at++] as number;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    // Ten bytes: negative numbers and those past 2^49.
    let wide = BigInt(value);
    for (let shift = 49n; shift < 70n; shift += 7n) {
      if (this.#at >= end) throw malformed();
      const byte = bytes[this.#at++] as number;
      wide |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) {
        const signed = Number(BigInt.asIntN(64, wide));
        if (!Number.isSafeInteger(signed)) throw new DecodeError(`number ${signed} is out of range`);
        return signed;
      }
    }
    throw malformed();
  }

  /** Where a length-delimited value that starts here ends. */
  #delimited(end: number): number {
    const length = this.#varint(end);
    const valueEnd = this.#at + length;
    if (length < 0 || valueEnd > end) throw malformed();
    return valueEnd;
  }

  /** Goes over some bytes; returns where they started. */
  #advance(count: number, end: number): number {
    const start = this.#at;
    if (start + count > end) throw malformed();
    this.#at = start + count;
    return start;
  }

  #skip(tag: number, end: number): void {
    if (tag < 8) throw malformed();
    switch (tag & 7) {
      case VARINT:
        this.#varint(end);
        return;
      case FIXED64:
        this.#advance(8, end);
        return;
      case DELIMITED:
        this.#at = this.#delimited(end);
        return;
      case FIXED32:
        this.#advance(4, end);
        return;
      default:
        throw malformed();
    }
  }
}

function isSet(field: Field, value: unknown): boolean {
  if (value === undefined) return false;
  if (field.presence !== "value") return field.type !== "bytes" || value !== "";
  return value !== "" && value !== 0 && value !== false;
}

function zeroOf({ type }: Field): unknown {
  if (type === "message" || type === "json") return {};
  if (type === "int" || type === "double") return 0;
  return type === "bool" ? false : "";
}

function expect(wire: number, wanted: number): void {
  if (wire !== wanted) throw new DecodeError(`proto: wrong wireType = ${wire}`);
}

const malformed = (): DecodeError => new DecodeError("proto: illegal wireType or unexpected EOF");
