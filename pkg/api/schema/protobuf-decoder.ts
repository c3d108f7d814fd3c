/**
 * Kubernetes' protobuf form of API objects, turned into the JSON form: four magic bytes, then runtime.Unknown with the
 * type and the object's own message. kubectl and client-go send request bodies so.
 */
import { DecodeError } from "./decode-error.ts";
import { WireReader } from "./wire-reader.ts";

/** Fields by number: the JSON name ("" for an embedded struct) and the type ("[]" repeated, "{}" map of strings). */
export type ProtobufTable = Readonly<Record<string, Readonly<Record<string, readonly [string, string]>>>>;

const MAGIC = "k8s\0";
const META = "io.k8s.apimachinery.pkg.apis.meta.v1.";
const RUNTIME = "io.k8s.apimachinery.pkg.runtime.";
const EXTENSIONS = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.";
type Json = Record<string, unknown>;

/**
 * Go writes every field that is no pointer, zero or not, and leaves out pointers that are nil. Zero numbers are kept only
 * under the names that are pointers in the published types, where zero is not the same as absent.
 */
const ZERO_COUNTS = new Set([
  "activeDeadlineSeconds",
  "backoffLimit",
  "completions",
  "defaultMode",
  "deletionGracePeriodSeconds",
  "failedJobsHistoryLimit",
  "fsGroup",
  "gracePeriodSeconds",
  "intVal",
  "maxFailedIndexes",
  "backoffLimitPerIndex",
  "minReplicas",
  "mode",
  "nominalConcurrencyShares",
  "parallelism",
  "partition",
  "preemptionPolicy",
  "priority",
  "progressDeadlineSeconds",
  "replicas",
  "revisionHistoryLimit",
  "runAsGroup",
  "runAsUser",
  "seconds",
  "stabilizationWindowSeconds",
  "startingDeadlineSeconds",
  "successfulJobsHistoryLimit",
  "terminationGracePeriodSeconds",
  "tolerationSeconds",
  "ttlSecondsAfterFinished",
  "value",
]);
/** The same of strings. */
const EMPTY_COUNTS = new Set(["storageClassName", "ingressClassName", "volumeAttributesClassName"]);

export interface ProtobufObject {
  readonly apiVersion: string;
  readonly kind: string;
  /** The object in JSON form, without kind and apiVersion. */
  readonly object: Json;
}

/** Decodes a body. `typeName` says which definition a kind of an apiVersion is. @throws DecodeError */
export function decodeProtobuf(
  body: Uint8Array,
  table: ProtobufTable,
  typeName: (apiVersion: string, kind: string) => string | undefined,
): ProtobufObject {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (bytes.subarray(0, 4).toString("latin1") !== MAGIC)
    throw new DecodeError("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
  let apiVersion = "";
  let kind = "";
  let raw: Buffer = Buffer.alloc(0);
  for (const { field, bytes: value } of new WireReader(bytes.subarray(4)).fields())
    if (field === 1 && value !== undefined)
      for (const { field: part, bytes: text } of new WireReader(value).fields()) {
        if (part === 1) apiVersion = text?.toString() ?? "";
        if (part === 2) kind = text?.toString() ?? "";
      }
    else if (field === 2 && value !== undefined) raw = value;
  const name = typeName(apiVersion, kind);
  if (name === undefined || table[name] === undefined)
    throw new DecodeError(`no kind "${kind}" is registered for version "${apiVersion}"`);
  return { apiVersion, kind, object: new MessageDecoder(table).message(name, raw) as Json };
}

class MessageDecoder {
  readonly #table: ProtobufTable;

  constructor(table: ProtobufTable) {
    this.#table = table;
  }

  message(type: string, bytes: Buffer): unknown {
    const out: Json = {};
    const fields = this.#table[type];
    if (fields === undefined) throw new DecodeError(`no message "${type}"`);
    for (const { field, bytes: value, number } of new WireReader(bytes).fields()) {
      const known = fields[field];
      if (known === undefined) continue;
      const [name, kind] = known;
      if (kind.startsWith("[]")) this.#append(out, name, kind.slice(2), value, number);
      else if (kind.startsWith("{}")) this.#entry(out, name, kind.slice(2), value ?? Buffer.alloc(0));
      else {
        const decoded = this.#value(kind, value, number);
        if (name === "") Object.assign(out, decoded);
        else if (isSet(name, decoded)) out[name] = decoded;
      }
    }
    return shaped(type, out);
  }

  #append(out: Json, name: string, type: string, value: Buffer | undefined, number: bigint | undefined): void {
    const list = (out[name] ??= []) as unknown[];
    const isNumber = type === "int32" || type === "int64" || type === "bool";
    // Numbers may come packed.
    if (isNumber && value !== undefined)
      for (const each of new WireReader(value).varints()) list.push(scalar(type, each));
    else list.push(this.#value(type, value, number));
  }

  #entry(out: Json, name: string, type: string, bytes: Buffer): void {
    const map = (out[name] ??= {}) as Json;
    let key = "";
    let value: unknown = type === "string" || type === "bytes" ? "" : {};
    for (const { field, bytes: part, number } of new WireReader(bytes).fields()) {
      if (field === 1) key = part?.toString() ?? "";
      else if (field === 2) value = this.#value(type, part, number);
    }
    Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
  }

  #value(type: string, bytes: Buffer | undefined, number: bigint | undefined): unknown {
    switch (type) {
      case "string":
        return bytes?.toString() ?? "";
      case "bytes":
        return bytes?.toString("base64") ?? "";
      case "int32":
      case "int64":
      case "bool":
        return scalar(type, number ?? 0n);
      case "double":
        return bytes?.readDoubleLE() ?? 0;
      default:
        return this.message(type, bytes ?? Buffer.alloc(0));
    }
  }
}

function scalar(type: string, value: bigint): number | boolean {
  return type === "bool" ? value !== 0n : Number(BigInt.asIntN(64, value));
}

function isSet(name: string, value: unknown): boolean {
  if (value === undefined || value === null) return false;
  if (value === 0) return ZERO_COUNTS.has(name);
  if (value === "") return EMPTY_COUNTS.has(name);
  return true;
}

/** Types whose JSON is not an object of their fields. */
function shaped(type: string, out: Json): unknown {
  switch (type) {
    case "io.k8s.apimachinery.pkg.api.resource.Quantity":
      return out["string"] ?? "0";
    case "io.k8s.apimachinery.pkg.util.intstr.IntOrString":
      return out["type"] === 1 ? (out["strVal"] ?? "") : (out["intVal"] ?? 0);
    case `${META}Time`:
    case `${META}MicroTime`:
      return timeOf(type, out);
    case `${META}FieldsV1`:
      return parsed(out["Raw"]);
    case `${RUNTIME}RawExtension`:
    case `${EXTENSIONS}JSON`:
      return parsed(out["raw"]);
    case `${EXTENSIONS}JSONSchemaPropsOrArray`:
      return out["schema"] ?? out["jSONSchemas"];
    case `${EXTENSIONS}JSONSchemaPropsOrBool`:
      return out["schema"] ?? out["allows"] ?? false;
    case `${EXTENSIONS}JSONSchemaPropsOrStringArray`:
      return out["schema"] ?? out["property"];
    default:
      return /\.(ExtraValue|Verbs)$/.test(type) ? (out["items"] ?? []) : out;
  }
}

/** A zero time is written as an empty message and means "not set". */
function timeOf(type: string, { seconds, nanos }: Json): string | undefined {
  if (seconds === undefined && nanos === undefined) return undefined;
  const text = new Date(Number(seconds ?? 0) * 1000).toISOString().slice(0, 19);
  if (!type.endsWith("MicroTime")) return `${text}Z`;
  return `${text}.${String(Math.trunc(Number(nanos ?? 0) / 1000)).padStart(6, "0")}Z`;
}

function parsed(base64: unknown): unknown {
  if (typeof base64 !== "string" || base64 === "") return undefined;
  try {
    return JSON.parse(Buffer.from(base64, "base64").toString());
  } catch (err) {
    throw new DecodeError(`embedded object is not JSON: ${(err as Error).message}`);
  }
}
