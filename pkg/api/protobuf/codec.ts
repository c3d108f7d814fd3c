import { DecodeError } from "../schema/decode-error.ts";
import { MessageReader } from "./message-reader.ts";
import { type Message, MessageTable, type ProtobufTable } from "./message-table.ts";
import { MessageWriter } from "./message-writer.ts";

type Json = Record<string, unknown>;

const MAGIC = Buffer.from("k8s\0", "latin1");
const META_PACKAGE = "io.k8s.apimachinery.pkg.apis.meta.v1";
/** Kinds that come under any group and version. */
const META_KINDS = new Set(["DeleteOptions", "Status"]);
/** runtime.Unknown, the envelope around every object. */
const ENVELOPE: ProtobufTable = {
  groups: {},
  messages: {
    TypeMeta: "1 apiVersion string,2 kind string",
    Unknown: "1 typeMeta TypeMeta,2 raw raw?,3 contentEncoding string,4 contentType string",
  },
};
interface Unknown {
  readonly typeMeta?: { readonly apiVersion?: string; readonly kind?: string };
  readonly raw?: Buffer;
  readonly contentEncoding?: string;
}

/** An object as it came, in JSON form. */
export interface ProtobufObject {
  readonly apiVersion: string;
  readonly kind: string;
  /** Without kind and apiVersion. */
  readonly object: Json;
}

/**
 * Kubernetes' protobuf form of API objects: four magic bytes, then runtime.Unknown with the object's type and its own
 * message. Objects are given and returned in JSON form.
 */
export class ProtobufCodec {
  readonly #table: MessageTable;
  readonly #envelope = new MessageTable(ENVELOPE).get("Unknown");
  readonly #writer = new MessageWriter();

  constructor(table: ProtobufTable) {
    this.#table = new MessageTable(table);
  }

  /** Whether a group and version is built in; those of CustomResourceDefinitions have no protobuf form. */
  serves(apiVersion: string): boolean {
    return this.#table.packageOf(apiVersion) !== undefined;
  }

  /** Whether a kind has a protobuf form. */
  knows(apiVersion: string, kind: string): boolean {
    return this.#messageOf(apiVersion, kind) !== undefined;
  }

  /** @throws DecodeError when the bytes are no object of a known kind; RangeError when it is nested too deeply */
  decode(body: Uint8Array): ProtobufObject {
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    if (!hasMagic(bytes))
      throw new DecodeError("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
    const { typeMeta, raw, contentEncoding } = this.#read(this.#envelope, bytes.subarray(MAGIC.length)) as Unknown;
    const { apiVersion = "", kind = "" } = typeMeta ?? {};
    const message = this.#messageOf(apiVersion, kind);
    if (message === undefined) throw new DecodeError(`no kind "${kind}" is registered for version "${apiVersion}"`);
    if (contentEncoding !== undefined) throw new DecodeError(`unknown content encoding "${contentEncoding}"`);
    return { apiVersion, kind, object: this.#read(message, raw ?? Buffer.alloc(0)) as Json };
  }

  /** An object or list with its kind and apiVersion. @throws Error when its kind has no protobuf form */
  encode(object: object): Buffer {
    this.#writer.clear();
    this.#writeObject(object);
    this.#writer.raw(MAGIC);
    return this.#writer.take();
  }

  /** One frame of a watch: its length in four bytes, then metav1.WatchEvent around the encoded object. */
  encodeWatchEvent(type: string, object: object): Buffer {
    const writer = this.#writer;
    writer.clear();
    writer.delimited(2, () =>
      writer.delimited(1, () => {
        this.#writeObject(object);
        writer.raw(MAGIC);
      }),
    );
    writer.textField(1, type);
    writer.lengthPrefix();
    return writer.take();
  }

  #writeObject(object: object): void {
    const { apiVersion, kind } = object as { apiVersion: string; kind: string };
    const message = this.#messageOf(apiVersion, kind);
    if (message === undefined) throw new Error(`${kind} of ${apiVersion} has no protobuf form`);
    const writer = this.#writer;
    writer.textField(4, "");
    writer.textField(3, "");
    writer.delimited(2, () => writer.message(message, object));
    writer.delimited(1, () => {
      writer.textField(2, kind);
      writer.textField(1, apiVersion);
    });
  }

  #read(message: Message, bytes: Buffer): unknown {
    return new MessageReader(bytes, (embedded) => this.#embedded(embedded)).read(message);
  }

  /** A field that holds a whole object: as JSON text, or in an envelope of its own. */
  #embedded(bytes: Buffer): unknown {
    if (bytes.length === 0) return undefined;
    if (hasMagic(bytes)) {
      const { apiVersion, kind, object } = this.decode(bytes);
      return { kind, apiVersion, ...object };
    }
    try {
      return JSON.parse(bytes.toString()) as unknown;
    } catch (err) {
      throw new DecodeError(`embedded object is not JSON: ${(err as Error).message}`);
    }
  }

  #messageOf(apiVersion: string, kind: string): Message | undefined {
    const scope = META_KINDS.has(kind) ? META_PACKAGE : this.#table.packageOf(apiVersion);
    return scope === undefined ? undefined : this.#table.find(`${scope}.${kind}`);
  }
}

const hasMagic = (bytes: Buffer): boolean => MAGIC.equals(bytes.subarray(0, MAGIC.length));
