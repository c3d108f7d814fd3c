/**
 * Decoders compiled from schemas. A decoder takes parsed JSON and returns a private copy that holds only what the
 * schema knows, as Go's typed decoding would: unknown fields are left out and reported, null is "not set", wrong types
 * are errors, quantities and times are in canonical form.
 */
import { isObject, setOwn } from "../json-object.ts";
import { DecodeError } from "./decode-error.ts";
import { readBytes, readMicroTime, readQuantity, readTime } from "./scalars.ts";
import type { Definitions, Schema } from "./schema.ts";

/** Deeper values are refused. Go's decoder takes ten times as much; all that handles a value here must not run out of stack. */
const MAX_DEPTH = 1_000;
const MAX_REPORTED = 100;

/** One decoding in progress. */
export class Decoding {
  /** Field names and array indexes down to the value at hand. */
  readonly path: (string | number)[] = [];
  /** Places in `path` of keys of maps, which Go's messages leave out. */
  readonly mapKeys: number[] = [];
  /** Go struct names down to it. */
  struct = "";
  /** Paths of unknown fields, "spec.foo". */
  readonly unknown: string[] = [];
  /** Members of all objects met, known or not; tells whether the text can have held duplicates. */
  members = 0;

  reportUnknown(field: string): void {
    if (this.unknown.length < MAX_REPORTED) this.unknown.push(this.pathTo(field));
  }

  pathTo(field: string): string {
    let text = "";
    for (const part of [...this.path, field])
      text += typeof part === "number" ? `[${part}]` : text === "" ? part : `.${part}`;
    return text;
  }

  mismatch(value: unknown, goType: string): DecodeError {
    const fields = this.path.filter((part, at) => typeof part === "string" && !this.mapKeys.includes(at)).join(".");
    const where = fields === "" ? "Go value" : `Go struct field ${this.struct}.${fields}`;
    return new DecodeError(`json: cannot unmarshal ${jsonKind(value, goType)} into ${where} of type ${goType}`);
  }
}

function jsonKind(value: unknown, goType: string): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return goType.startsWith("int") ? `number ${String(value)}` : "number";
  return typeof value;
}

export type Decode = (value: unknown, state: Decoding) => unknown;

interface Field {
  readonly decode: Decode;
  /** An optional list or map that is empty is not kept: it is not encoded by the published types either. */
  readonly dropEmpty: boolean;
}

/** Compiles decoders of one set of definitions; each definition is compiled once, on first use. */
export class DecoderCompiler {
  readonly #definitions: Definitions;
  readonly #compiled = new Map<string, Decode>();

  constructor(definitions: Definitions) {
    this.#definitions = definitions;
  }

  /** The decoder of a definition by name. */
  definition(name: string): Decode {
    const known = this.#compiled.get(name);
    if (known !== undefined) return known;
    // Definitions refer to themselves: the name answers before its decoder is finished.
    let decode: Decode | undefined;
    const late: Decode = (value, state) => {
      decode ??= this.#named(name);
      return decode(value, state);
    };
    this.#compiled.set(name, late);
    return late;
  }

  #named(name: string): Decode {
    const special = SPECIAL[name];
    if (special !== undefined) return special;
    const union = SCHEMA_UNIONS[name];
    if (union !== undefined) return this.#schemaUnion(union, name);
    const schema = this.#definitions[name];
    if (schema === undefined) throw new Error(`No definition "${name}"`);
    return this.compile(schema, name.slice(name.lastIndexOf(".") + 1));
  }

  compile(schema: Schema, structName: string): Decode {
    if (schema.$ref !== undefined) return this.definition(schema.$ref);
    if (schema["x-kubernetes-int-or-string"] === true || schema.format === "int-or-string") return decodeIntOrString;
    switch (schema.type) {
      case "object":
        if (schema.properties !== undefined) return this.#struct(schema, structName);
        if (typeof schema.additionalProperties === "object") return this.#map(schema.additionalProperties, structName);
        return decodeAny;
      case "array":
        return this.#array(schema.items ?? {}, structName);
      case "string":
        return schema.format === "byte" ? decodeBytes : schema.format === "date-time" ? decodeTime : decodeString;
      case "integer":
        return schema.format === "int32" ? decodeInt32 : decodeInt64;
      case "number":
        return decodeNumber;
      case "boolean":
        return decodeBoolean;
      default:
        return schema.properties === undefined ? decodeAny : this.#struct(schema, structName);
    }
  }

  /** JSON schemas hold schemas in places where something else may stand as well. */
  #schemaUnion(other: "boolean" | "array" | "strings", name: string): Decode {
    const schema = this.definition(`${name.slice(0, name.lastIndexOf("."))}.JSONSchemaProps`);
    const structName = name.slice(name.lastIndexOf(".") + 1);
    const list =
      other === "strings" ? this.compile({ type: "array", items: { type: "string" } }, structName) : undefined;
    return (value, state) => {
      if (isObject(value)) return schema(value, state);
      if (other === "boolean" && typeof value === "boolean") return value;
      if (other === "strings" && Array.isArray(value)) return list?.(value, state);
      if (other === "array" && Array.isArray(value)) return value.map((item) => schema(item, state));
      throw state.mismatch(value, `v1.${structName}`);
    };
  }

  #struct(schema: Schema, structName: string): Decode {
    const required = new Set(schema.required);
    const fields = new Map<string, Field>();
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      const isCollection =
        property.type === "array" || (property.type === "object" && typeof property.additionalProperties === "object");
      fields.set(name, {
        decode: this.compile(property, structName),
        dropEmpty: isCollection && !required.has(name),
      });
    }
    return (value, state) => {
      if (!isObject(value)) throw state.mismatch(value, `v1.${structName}`);
      const outer = state.struct;
      state.struct = structName;
      const out: Record<string, unknown> = {};
      for (const key in value) {
        state.members++;
        const field = fields.get(key);
        const given = value[key];
        if (field === undefined) {
          if (given === undefined) continue;
          countMembers(given, state);
          state.reportUnknown(key);
          continue;
        }
        if (given === null || given === undefined) continue;
        state.path.push(key);
        const decoded = field.decode(given, state);
        state.path.pop();
        if (field.dropEmpty && isEmpty(decoded as object)) continue;
        out[key] = decoded;
      }
      state.struct = outer;
      return out;
    };
  }

  #map(items: Schema, structName: string): Decode {
    const decode = this.compile(items, structName);
    const goType = `map[string]${goTypeOf(items)}`;
    const zero = zeroOf(items);
    return (value, state) => {
      if (!isObject(value)) throw state.mismatch(value, goType);
      const out: Record<string, unknown> = {};
      for (const key in value) {
        state.members++;
        const given = value[key];
        if (given === undefined) continue;
        state.mapKeys.push(state.path.push(key) - 1);
        setOwn(out, key, given === null ? zero() : decode(given, state));
        state.path.pop();
        state.mapKeys.pop();
      }
      return out;
    };
  }

  #array(items: Schema, structName: string): Decode {
    const decode = this.compile(items, structName);
    const goType = `[]${goTypeOf(items)}`;
    const zero = zeroOf(items);
    return (value, state) => {
      if (!Array.isArray(value)) throw state.mismatch(value, goType);
      const out: unknown[] = [];
      for (let i = 0; i < value.length; i++) {
        const given: unknown = value[i];
        state.path.push(i);
        out.push(given === null || given === undefined ? zero() : decode(given, state));
        state.path.pop();
      }
      return out;
    };
  }
}

/** What Go's decoding leaves for a null inside a list or map. */
function zeroOf(schema: Schema): () => unknown {
  if (schema.type === "array") return () => [];
  if (schema.type === "integer" || schema.type === "number") return () => 0;
  if (schema.type === "boolean") return () => false;
  if (schema.type === "string") return () => "";
  if (schema.$ref !== undefined && schema.$ref in ZERO) return () => ZERO[schema.$ref as string];
  return () => ({});
}

function goTypeOf(schema: Schema): string {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf(".") + 1);
    return name === "Quantity" ? "resource.Quantity" : `v1.${name}`;
  }
  if (schema.type === "array") return `[]${goTypeOf(schema.items ?? {})}`;
  if (schema.type === "object")
    return typeof schema.additionalProperties === "object"
      ? `map[string]${goTypeOf(schema.additionalProperties)}`
      : "interface {}";
  if (schema.type === "integer") return schema.format ?? "int64";
  if (schema.type === "number") return "float64";
  if (schema.type === "boolean") return "bool";
  if (schema.format === "byte") return "[]uint8";
  return "string";
}

function isEmpty(value: object): boolean {
  if (Array.isArray(value)) return value.length === 0;
  for (const _ in value) return false;
  return true;
}

const decodeString: Decode = (value, state) => {
  if (typeof value !== "string") throw state.mismatch(value, "string");
  return value;
};
const decodeBoolean: Decode = (value, state) => {
  if (typeof value !== "boolean") throw state.mismatch(value, "bool");
  return value;
};
const decodeNumber: Decode = (value, state) => {
  if (typeof value !== "number" || !Number.isFinite(value)) throw state.mismatch(value, "float64");
  return value;
};
const decodeInt32: Decode = (value, state) => {
  if (typeof value !== "number" || (value | 0) !== value) throw state.mismatch(value, "int32");
  return value;
};
// Numbers past 2^53 would lose digits: refusing them is better than storing another value.
const decodeInt64: Decode = (value, state) => {
  if (!Number.isSafeInteger(value)) throw state.mismatch(value, "int64");
  return value;
};
const decodeIntOrString: Decode = (value, state) => {
  if (typeof value === "string") return value;
  return decodeInt32(value, state);
};
const decodeQuantity: Decode = (value, state) => {
  if (typeof value !== "string" && typeof value !== "number") throw state.mismatch(value, "resource.Quantity");
  return readQuantity(value);
};
const decodeTime: Decode = (value, state) => {
  if (typeof value !== "string") throw state.mismatch(value, "string");
  return readTime(value);
};
const decodeMicroTime: Decode = (value, state) => {
  if (typeof value !== "string") throw state.mismatch(value, "string");
  return readMicroTime(value);
};
const decodeBytes: Decode = (value, state) => {
  if (typeof value !== "string") throw state.mismatch(value, "[]uint8");
  return readBytes(value);
};
/** Any JSON, copied as it is. */
const decodeAny: Decode = (value, state) => copyAny(value, state, 0);

function copyAny(value: unknown, state: Decoding, depth: number): unknown {
  // 1e400, which JavaScript reads as infinity and would write as null.
  if (typeof value === "number" && !Number.isFinite(value)) throw state.mismatch(value, "float64");
  if (typeof value !== "object" || value === null) return value;
  if (depth > MAX_DEPTH) throw new DecodeError("exceeded max depth");
  if (Array.isArray(value)) return value.map((item) => copyAny(item, state, depth + 1));
  const out: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    state.members++;
    if (item !== undefined) setOwn(out, key, copyAny(item, state, depth + 1));
  }
  return out;
}

function countMembers(value: unknown, state: Decoding): void {
  copyAny(value, state, 0);
}

const EXTENSIONS = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.";
/** What may stand there instead of one schema. */
const SCHEMA_UNIONS: Readonly<Record<string, "boolean" | "array" | "strings">> = {
  [`${EXTENSIONS}JSONSchemaPropsOrBool`]: "boolean",
  [`${EXTENSIONS}JSONSchemaPropsOrArray`]: "array",
  [`${EXTENSIONS}JSONSchemaPropsOrStringArray`]: "strings",
};
const META = "io.k8s.apimachinery.pkg.apis.meta.v1.";
/** What the null of a type that is no struct in JSON stands for. */
const ZERO: Readonly<Record<string, unknown>> = {
  "io.k8s.apimachinery.pkg.api.resource.Quantity": "0",
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": 0,
  "io.k8s.apimachinery.pkg.runtime.RawExtension": null,
  [`${META}Time`]: null,
  [`${META}MicroTime`]: null,
};
const SPECIAL: Readonly<Record<string, Decode>> = {
  "io.k8s.apimachinery.pkg.api.resource.Quantity": decodeQuantity,
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": decodeIntOrString,
  "io.k8s.apimachinery.pkg.runtime.RawExtension": decodeAny,
  [`${META}Time`]: decodeTime,
  [`${META}MicroTime`]: decodeMicroTime,
  [`${META}FieldsV1`]: decodeAny,
  [`${META}Patch`]: decodeAny,
};
