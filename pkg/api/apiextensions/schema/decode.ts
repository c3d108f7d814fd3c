/**
 * Decoders of custom resources. As upstream's pruning: what the structural schema does not know is left out and reported,
 * everything else stays as it was sent; wrong types are for validation to find. Only metadata is read as ObjectMeta.
 */
import { DecodeError } from "../../schema/decode-error.ts";
import type { Decode, Decoding } from "../../schema/decoder.ts";
import { isObject, type JsonObject, setOwn } from "../../json-object.ts";
import { checkDepth, checkFinite, checkNumber, copyJson } from "./json.ts";
import { decodeObjectMeta, salvageObjectMeta } from "./object-meta.ts";
import { isStrayNull, META_FIELDS, type SchemaNode } from "./schema-node.ts";

/** Reads requests. @throws DecodeError for metadata of the wrong type, here and in embedded resources */
export function customResourceDecoder(root: () => SchemaNode): Decode {
  return (value, state) => new Pruning(state, false).root(value, root());
}

/** Reads what was stored, maybe under another schema: prunes, and drops embedded metadata that is not valid. */
export function pruneStored(value: JsonObject, root: SchemaNode, state: Decoding): JsonObject {
  return new Pruning(state, true).root(value, root);
}

/** One value below the root, as a request would be read. @throws DecodeError */
export function pruneValue(value: unknown, node: SchemaNode, state: Decoding): unknown {
  return new Pruning(state, false).value(value, node, 0, node.preserves);
}

class Pruning {
  readonly #state: Decoding;
  readonly #isStored: boolean;

  constructor(state: Decoding, isStored: boolean) {
    this.#state = state;
    this.#isStored = isStored;
  }

  root(value: unknown, node: SchemaNode): JsonObject {
    const state = this.#state;
    if (!isObject(value)) throw state.mismatch(value, "map[string]interface {}");
    const out: JsonObject = {};
    // Upstream reads metadata first and tells what is unknown there before the rest.
    const metadata = Object.hasOwn(value, "metadata") ? value["metadata"] : undefined;
    if (metadata !== undefined && metadata !== null) {
      state.path.push("metadata");
      out["metadata"] = this.#isStored ? metadata : decodeObjectMeta(metadata, state);
      state.path.pop();
    }
    const ofMetadata = state.unknown.length;
    for (const key of Object.keys(value)) {
      const given = value[key];
      if (given === undefined) continue;
      state.members++;
      if (!META_FIELDS.has(key)) this.#member(out, key, given, node, 0, node.preserves);
      else if (key !== "metadata") out[key] = given;
    }
    if (state.unknown.length > ofMetadata + 1)
      state.unknown.push(...state.unknown.splice(ofMetadata).sort((a, b) => (a < b ? -1 : 1)));
    return out;
  }

  value(value: unknown, node: SchemaNode | undefined, depth: number, keeps: boolean): unknown {
    if (typeof value === "number") return this.#number(value, node);
    if (typeof value !== "object" || value === null) return value;
    checkDepth(depth);
    if (Array.isArray(value)) return this.#list(value, node, depth, keeps);
    const given = value as JsonObject;
    const out: JsonObject = {};
    const isEmbedded = node?.isEmbedded === true;
    for (const key of Object.keys(given)) {
      const item = given[key];
      if (item === undefined) continue;
      this.#state.members++;
      if (isEmbedded && META_FIELDS.has(key)) this.#metaField(out, key, item);
      else this.#member(out, key, item, node, depth, keeps);
    }
    return out;
  }

  #member(
    out: JsonObject,
    key: string,
    item: unknown,
    node: SchemaNode | undefined,
    depth: number,
    keeps: boolean,
  ): void {
    const state = this.#state;
    const property = node?.properties.get(key);
    if (property !== undefined) {
      if (isStrayNull(item, property) && property.default === undefined) return;
      state.path.push(key);
      setOwn(out, key, this.value(item, property, depth + 1, property.preserves));
      state.path.pop();
    } else if (node?.hasAdditional === true) {
      const { additional } = node;
      state.path.push(key);
      setOwn(out, key, this.value(item, additional, depth + 1, additional?.preserves === true));
      state.path.pop();
    } else if (keeps) {
      setOwn(out, key, copyJson(item, state, depth + 1));
    } else {
      state.reportUnknown(key);
      copyJson(item, state, depth + 1);
    }
  }

  /** Lists hand on to their items that unknown fields are kept. */
  #list(value: readonly unknown[], node: SchemaNode | undefined, depth: number, keeps: boolean): unknown[] {
    const state = this.#state;
    const items = node?.items;
    const out: unknown[] = [];
    for (let i = 0; i < value.length; i++) {
      const item = value[i] ?? null;
      state.path.push(i);
      if (items === undefined && keeps) out.push(copyJson(item, state, depth + 1));
      else out.push(this.value(item, items, depth + 1, keeps || items?.preserves === true));
      state.path.pop();
    }
    return out;
  }

  #number(value: number, node: SchemaNode | undefined): number {
    if (this.#isStored) return value;
    return node?.schema.type === "number" ? checkFinite(value) : checkNumber(value);
  }

  #metaField(out: JsonObject, key: string, given: unknown): void {
    const state = this.#state;
    if (key !== "metadata") {
      if (typeof given === "string") out[key] = given;
      else if (!this.#isStored) throw invalid(state, key, given, "must be a string");
      return;
    }
    if (given === null) return;
    state.path.push(key);
    try {
      out[key] = decodeObjectMeta(given, state);
    } catch (err) {
      if (!(err instanceof DecodeError)) throw err;
      if (!this.#isStored) {
        state.path.pop();
        throw invalid(state, key, given, err.message);
      }
      const readable = salvageObjectMeta(given);
      if (readable !== undefined) out[key] = readable;
    }
    state.path.pop();
  }
}

/** Upstream answers with the words of a field error here, though the code is 400. */
const invalid = (state: Decoding, key: string, value: unknown, why: string): DecodeError =>
  new DecodeError(`${state.pathTo(key)}: Invalid value: ${JSON.stringify(value)}: ${why}`);
