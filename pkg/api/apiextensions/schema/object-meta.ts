import metaTable from "../../schema/tables/meta-v1.json" with { type: "json" };
import { DecodeError } from "../../schema/decode-error.ts";
import { DecoderCompiler, Decoding } from "../../schema/decoder.ts";
import type { Definitions } from "../../schema/schema.ts";
import { isObject, type JsonObject } from "../../json-object.ts";

const decodeMeta = new DecoderCompiler(metaTable as unknown as Definitions).definition(
  "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta",
);

/** Metadata of a custom or embedded resource, read as ObjectMeta. @throws DecodeError for a wrong type */
export function decodeObjectMeta(value: unknown, state: Decoding): unknown {
  // Go's messages name the fields from ObjectMeta on, wherever it stands.
  const inner = new Decoding();
  const decoded = decodeMeta(value, inner);
  state.members += inner.members;
  for (const field of inner.unknown) state.reportUnknown(field);
  return decoded;
}

/** What is readable of stored metadata, field by field; undefined where nothing is. */
export function salvageObjectMeta(value: unknown): unknown {
  if (!isObject(value)) return undefined;
  const out: JsonObject = {};
  for (const key of Object.keys(value)) {
    try {
      Object.assign(out, decodeMeta({ [key]: value[key] }, new Decoding()));
    } catch (err) {
      if (!(err instanceof DecodeError)) throw err;
    }
  }
  return out;
}
