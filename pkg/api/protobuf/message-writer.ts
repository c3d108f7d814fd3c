import type { Field, Message } from "./message-table.ts";

type Json = Record<string, unknown>;

const DELIMITED = 2;
const START_BYTES = 16 * 1024;
/** A larger buffer is given back. */
const KEPT_BYTES = 1 << 20;
/** Shorter texts are written faster here than by a call. */
const SHORT_TEXT = 40;

/**
 * Writes JSON values as messages, byte for byte as Go's generated code does: fields by ascending number, map keys sorted,
 * zero values of fields that are no pointers written out. It works from the end to the start, as that code does, so that a
 * length is known when it is written.
 */
export class MessageWriter {
  #bytes = Buffer.allocUnsafe(START_BYTES);
  /** Everything from here on is written. */
  #at = START_BYTES;

  /** A copy of all that was written since the last `clear`. */
  take(): Buffer {
    return Buffer.from(this.#bytes.subarray(this.#at));
  }

  clear(): void {
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = Buffer.allocUnsafe(START_BYTES);
    this.#at = this.#bytes.length;
  }

  /** What stands before everything written so far. */
  raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#at -= bytes.length;
    this.#bytes.set(bytes, this.#at);
  }

  /** The length of everything written so far, in four bytes. */
  lengthPrefix(): void {
    const length = this.#written();
    this.#room(4);
    this.#at -= 4;
    this.#bytes.writeUInt32BE(length, this.#at);
  }

  /** A length-delimited field around what `write` writes. */
  delimited(number: number, write: () => void): void {
    const end = this.#written();
    write();
    this.#varint(this.#written() - end);
    this.#tag(number, DELIMITED);
  }

  textField(number: number, value: string): void {
    this.#text(value);
    this.#tag(number, DELIMITED);
  }

  /** The fields of a message, without a length. */
  message({ fields, form }: Message, value: unknown): void {
    const values = (form === undefined ? (value ?? {}) : form.toFields(value)) as Json;
    for (let i = fields.length - 1; i >= 0; i--) {
      const field = fields[i] as Field;
      const given = field.name === "" ? values : values[field.name];
      if (field.shape === "list") this.#list(field, given);
      else if (field.shape === "map") this.#map(field, given);
      else if (field.presence !== "pointer" || (given !== undefined && given !== null))
        this.#value(field, field.number, given);
    }
  }

  #list(field: Field, value: unknown): void {
    if (!Array.isArray(value)) return;
    for (let i = value.length - 1; i >= 0; i--) this.#value(field, field.number, value[i]);
  }

  #map(field: Field, value: unknown): void {
    if (typeof value !== "object" || value === null) return;
    for (const key of Object.keys(value).sort().reverse()) {
      const end = this.#written();
      this.#value(field, 2, (value as Json)[key]);
      this.textField(1, key);
      this.#varint(this.#written() - end);
      this.#tag(field.number, DELIMITED);
    }
  }

  /** One value with its tag; undefined and null are the type's zero. */
  #value(field: Field, number: number, value: unknown): void {
    switch (field.type) {
      case "string":
        this.textField(number, (value ?? "") as string);
        return;
      case "int":
        this.#varint((value ?? 0) as number);
        this.#tag(number, 0);
        return;
      case "bool":
        this.#varint(value === true ? 1 : 0);
        this.#tag(number, 0);
        return;
      case "double":
        this.#room(8);
        this.#at -= 8;
        this.#bytes.writeDoubleLE((value ?? 0) as number, this.#at);
        this.#tag(number, 1);
        return;
      case "message": {
        const end = this.#written();
        this.message(field.message as Message, value);
        this.#varint(this.#written() - end);
        this.#tag(number, DELIMITED);
        return;
      }
      case "bytes":
        this.#bytesField(number, Buffer.from((value ?? "") as string, "base64"));
        return;
      case "json":
        this.#bytesField(number, Buffer.from(JSON.stringify(value ?? null)));
        return;
      case "raw":
        this.#bytesField(number, value as Uint8Array);
    }
  }

  #bytesField(number: number, bytes: Uint8Array): void {
    this.raw(bytes);
    this.#varint(bytes.length);
    this.#tag(number, DELIMITED);
  }

  #text(value: string): void {
    const { length } = value;
    if (length <= SHORT_TEXT && this.#shortText(value)) return;
    const byteLength = Buffer.byteLength(value);
    this.#room(byteLength);
    this.#at -= byteLength;
    this.#bytes.write(value, this.#at, byteLength, "utf8");
    this.#varint(byteLength);
  }

  /** False when the text is not plain ASCII. */
  #shortText(value: string): boolean {
    const { length } = value;
    this.#room(length);
    const start = this.#at - length;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) return false;
      this.#bytes[start + i] = code;
    }
    this.#at = start;
    this.#varint(length);
    return true;
  }

  #tag(number: number, wire: number): void {
    this.#varint(number * 8 + wire);
  }

  #varint(value: number): void {
    this.#room(10);
    if (value >= 0 && value < 0x80) {
      this.#bytes[--this.#at] = value;
      return;
    }
    if (value >= 0 && value <= 0x7fffffff) {
      let size = 1;
      for (let more = value >>> 7; more > 0; more >>>= 7) size++;
      this.#at -= size;
      for (let i = 0, rest = value; i < size; i++, rest >>>= 7)
        this.#bytes[this.#at + i] = (rest & 0x7f) | (i < size - 1 ? 0x80 : 0);
      return;
    }
    let rest = BigInt.asUintN(64, BigInt(value));
    let size = 1;
    for (let more = rest >> 7n; more > 0n; more >>= 7n) size++;
    this.#at -= size;
    for (let i = 0; i < size; i++) {
      this.#bytes[this.#at + i] = Number(rest & 0x7fn) | (i < size - 1 ? 0x80 : 0);
      rest >>= 7n;
    }
  }

  #written(): number {
    return this.#bytes.length - this.#at;
  }

  #room(count: number): void {
    if (this.#at >= count) return;
    const written = this.#written();
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, written + count));
    this.#bytes.copy(larger, larger.length - written, this.#at);
    this.#at = larger.length - written;
    this.#bytes = larger;
  }
}
