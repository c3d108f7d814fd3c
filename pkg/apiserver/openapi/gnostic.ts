import { Writer } from "protobufjs/minimal.js";
import {
  any,
  bool,
  double,
  extensions,
  int64,
  LENGTH_DELIMITED,
  message,
  named,
  string,
  strings,
  VARINT,
} from "./gnostic-writer.ts";
import type { DocumentV2, OperationV2, ParameterV2, PathItemV2 } from "./document-v2.ts";

/**
 * The OpenAPI v2 document in the protobuf form of google/gnostic (package openapi.v2), which kubectl asks for, from the
 * encoded entries of its two maps. Only the fields that our documents have are written; their numbers are those of
 * OpenAPIv2.proto.
 */
export function encodeGnosticV2(
  { swagger, info }: Pick<DocumentV2, "swagger" | "info">,
  paths: readonly Uint8Array[],
  definitions: readonly Uint8Array[],
): Uint8Array {
  const w = Writer.create();
  string(w, 1, swagger);
  message(w, 2, () => {
    string(w, 1, info.title);
    string(w, 2, info.version);
  });
  const parts: Uint8Array[] = [w.finish()];
  for (const [field, entries] of [
    [8, paths],
    [9, definitions],
  ] as const) {
    const size = entries.reduce((sum, entry) => sum + entry.length, 0);
    const head = Writer.create().uint32((field << 3) | LENGTH_DELIMITED);
    parts.push(head.uint32(size).finish(), ...entries);
  }
  return Buffer.concat(parts);
}

/** An entry of the document's paths. */
export function encodePath(path: string, item: PathItemV2): Uint8Array {
  const w = Writer.create();
  named(w, 2, path, () => pathItem(w, item));
  return w.finish();
}

/** An entry of the document's definitions. */
export function encodeDefinition(name: string, value: unknown): Uint8Array {
  const w = Writer.create();
  named(w, 1, name, () => schema(w, value));
  return w.finish();
}

function namedSchemas(w: Writer, schemas: unknown): void {
  for (const [name, value] of Object.entries(schemas as object)) named(w, 1, name, () => schema(w, value));
}

function pathItem(w: Writer, item: PathItemV2): void {
  const operations = [
    [2, item.get],
    [3, item.put],
    [4, item.post],
    [5, item.delete],
    [8, item.patch],
  ] as const;
  for (const [field, value] of operations) if (value !== undefined) message(w, field, () => operation(w, value));
  for (const value of item.parameters ?? []) message(w, 9, () => parametersItem(w, value));
}

function operation(w: Writer, value: OperationV2): void {
  strings(w, 1, value.tags);
  string(w, 5, value.operationId);
  strings(w, 6, value.produces);
  strings(w, 7, value.consumes);
  for (const item of value.parameters) message(w, 8, () => parametersItem(w, item));
  message(w, 9, () => {
    for (const [code, response] of Object.entries(value.responses)) {
      // ResponseValue.response, whose schema is a SchemaItem.
      named(w, 1, code, () =>
        message(w, 1, () => {
          string(w, 1, response.description);
          const body = response.schema;
          if (body !== undefined) message(w, 2, () => message(w, 1, () => schema(w, body)));
        }),
      );
    }
  });
  strings(w, 10, value.schemes);
  extensions(w, 13, value);
}

/** ParametersItem.parameter: a BodyParameter, or a NonBodyParameter's query or path form. */
function parametersItem(w: Writer, value: ParameterV2): void {
  message(w, 1, () => {
    const body = value.schema;
    if (body !== undefined) {
      message(w, 1, () => {
        string(w, 2, value.name);
        string(w, 3, value.in);
        bool(w, 4, value.required);
        message(w, 5, () => schema(w, body));
      });
      return;
    }
    const inPath = value.in === "path";
    message(w, 2, () =>
      message(w, inPath ? 4 : 3, () => {
        bool(w, 1, value.required);
        string(w, 2, value.in);
        string(w, 4, value.name);
        string(w, inPath ? 5 : 6, value.type);
        bool(w, inPath ? 19 : 20, value.uniqueItems);
      }),
    );
  });
}

function schema(w: Writer, value: unknown): void {
  const s = value as Readonly<Record<string, unknown>>;
  string(w, 1, s.$ref);
  string(w, 2, s.format);
  string(w, 3, s.title);
  string(w, 4, s.description);
  any(w, 5, s.default);
  double(w, 6, s.multipleOf);
  double(w, 7, s.maximum);
  bool(w, 8, s.exclusiveMaximum);
  double(w, 9, s.minimum);
  bool(w, 10, s.exclusiveMinimum);
  int64(w, 11, s.maxLength);
  int64(w, 12, s.minLength);
  string(w, 13, s.pattern);
  int64(w, 14, s.maxItems);
  int64(w, 15, s.minItems);
  bool(w, 16, s.uniqueItems);
  int64(w, 17, s.maxProperties);
  int64(w, 18, s.minProperties);
  strings(w, 19, s.required);
  if (Array.isArray(s.enum)) for (const item of s.enum) any(w, 20, item);
  const additional = s.additionalProperties;
  if (typeof additional === "object") message(w, 21, () => message(w, 1, () => schema(w, additional)));
  if (typeof additional === "boolean") message(w, 21, () => w.uint32((2 << 3) | VARINT).bool(additional));
  if (typeof s.type === "string") message(w, 22, () => string(w, 1, s.type));
  if (typeof s.items === "object") message(w, 23, () => message(w, 1, () => schema(w, s.items)));
  if (Array.isArray(s.allOf)) for (const item of s.allOf) message(w, 24, () => schema(w, item));
  if (typeof s.properties === "object") message(w, 25, () => namedSchemas(w, s.properties));
  any(w, 30, s.example);
  extensions(w, 31, s);
}
