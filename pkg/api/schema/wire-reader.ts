import { DecodeError } from "./decode-error.ts";

/** One field of a message as it stands in the bytes: length-delimited and fixed values as bytes, varints as numbers. */
export interface WireField {
  readonly field: number;
  readonly bytes: Buffer | undefined;
  readonly number: bigint | undefined;
}

/** Takes protobuf's wire format apart (protobuf.dev, "Encoding"). */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** @throws DecodeError when the bytes end early or are no message */
  *fields(): Generator<WireField> {
    while (this.#at < this.#bytes.length) {
      const tag = Number(this.#varint());
      const field = tag >>> 3;
      if (field === 0) throw malformed();
      switch (tag & 7) {
        case 0:
          yield { field, bytes: undefined, number: this.#varint() };
          break;
        case 1:
          yield { field, bytes: this.#take(8), number: undefined };
          break;
        case 2:
          yield { field, bytes: this.#take(Number(this.#varint())), number: undefined };
          break;
        case 5:
          yield { field, bytes: this.#take(4), number: undefined };
          break;
        default:
          throw malformed();
      }
    }
  }

  *varints(): Generator<bigint> {
    while (this.#at < this.#bytes.length) yield this.#varint();
  }

  #varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw malformed();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw malformed();
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (length < 0 || end > this.#bytes.length) throw malformed();
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }
}

const malformed = (): DecodeError => new DecodeError("proto: illegal wireType or unexpected EOF");
