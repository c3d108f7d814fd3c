// The Common Expression Language as Kubernetes v1.36 uses it: types from schemas, checking with upstream's messages,
// bounded evaluation, cost estimates. It reads and writes nothing; callers bring the values.
export { CelEnvironment } from "./environment.ts";
export { estimateCost } from "./estimate.ts";
export { evaluate } from "./evaluate.ts";
export { LazyObject } from "./lazy-object.ts";
export { toJson } from "./runtime/json.ts";
export { StructValue } from "./runtime/values.ts";
export { escapeProperty } from "./schema/escape.ts";
export { minSerializedSize, REQUEST_BYTES } from "./schema/serialized-size.ts";
export { schemaType } from "./schema/schema-type.ts";
export { celTypes, typeName } from "./type.ts";
export * from "./types.ts";
