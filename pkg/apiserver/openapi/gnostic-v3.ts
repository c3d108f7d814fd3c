import { Writer } from "protobufjs/minimal.js";
import { any, bool, double, extensions, int64, message, named, string, strings, VARINT } from "./gnostic-writer.ts";

type Json = Readonly<Record<string, unknown>>;

const asObject = (value: unknown): Json => (typeof value === "object" && value !== null ? (value as Json) : {});
const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/**
 * An OpenAPI v3 document in the protobuf form of google/gnostic (package openapi.v3). Only the fields that our documents
 * have are written; their numbers are those of OpenAPIv3.proto. A default that is no scalar has no place there.
 */
export function encodeGnosticV3(document: object): Uint8Array {
  const w = Writer.create();
  const { openapi, info, paths, components } = document as Json;
  string(w, 1, openapi);
  message(w, 2, () => {
    string(w, 1, asObject(info)["title"]);
    string(w, 6, asObject(info)["version"]);
  });
  message(w, 4, () => {
    for (const [path, item] of Object.entries(asObject(paths))) named(w, 1, path, () => pathItem(w, asObject(item)));
  });
  message(w, 5, () => message(w, 1, () => namedSchemas(w, asObject(components)["schemas"])));
  return w.finish();
}

const OPERATIONS = [
  [4, "get"],
  [5, "put"],
  [6, "post"],
  [7, "delete"],
  [10, "patch"],
] as const;

function pathItem(w: Writer, item: Json): void {
  for (const [field, method] of OPERATIONS)
    if (item[method] !== undefined) message(w, field, () => operation(w, asObject(item[method])));
  for (const value of asList(item["parameters"])) parameter(w, 13, asObject(value));
}

function operation(w: Writer, value: Json): void {
  strings(w, 1, value["tags"]);
  string(w, 5, value["operationId"]);
  for (const each of asList(value["parameters"])) parameter(w, 6, asObject(each));
  const body = value["requestBody"] as Json | undefined;
  // RequestBodyOrReference.request_body.
  if (body !== undefined)
    message(w, 7, () =>
      message(w, 1, () => {
        content(w, 2, body["content"]);
        bool(w, 3, body["required"]);
      }),
    );
  message(w, 8, () => {
    for (const [code, response] of Object.entries(asObject(value["responses"])))
      named(w, 2, code, () =>
        message(w, 1, () => {
          string(w, 1, asObject(response)["description"]);
          content(w, 3, asObject(response)["content"]);
        }),
      );
  });
  extensions(w, 13, value);
}

/** ParameterOrReference.parameter. */
function parameter(w: Writer, field: number, value: Json): void {
  message(w, field, () =>
    message(w, 1, () => {
      string(w, 1, value["name"]);
      string(w, 2, value["in"]);
      bool(w, 4, value["required"]);
      schemaOrReference(w, 10, value["schema"]);
    }),
  );
}

/** MediaTypes. */
function content(w: Writer, field: number, value: unknown): void {
  if (value === undefined) return;
  message(w, field, () => {
    for (const [type, media] of Object.entries(asObject(value)))
      named(w, 1, type, () => schemaOrReference(w, 1, asObject(media)["schema"]));
  });
}

function namedSchemas(w: Writer, schemas: unknown): void {
  for (const [name, value] of Object.entries(asObject(schemas)))
    named(w, 1, name, () => eitherForm(w, asObject(value)));
}

function schemaOrReference(w: Writer, field: number, value: unknown): void {
  if (typeof value === "object" && value !== null) message(w, field, () => eitherForm(w, value as Json));
}

function eitherForm(w: Writer, value: Json): void {
  if (typeof value["$ref"] === "string") message(w, 2, () => string(w, 1, value["$ref"]));
  else message(w, 1, () => schema(w, value));
}

function schema(w: Writer, s: Json): void {
  bool(w, 1, s["nullable"]);
  any(w, 7, s["example"]);
  string(w, 9, s["title"]);
  double(w, 10, s["multipleOf"]);
  double(w, 11, s["maximum"]);
  bool(w, 12, s["exclusiveMaximum"]);
  double(w, 13, s["minimum"]);
  bool(w, 14, s["exclusiveMinimum"]);
  int64(w, 15, s["maxLength"]);
  int64(w, 16, s["minLength"]);
  string(w, 17, s["pattern"]);
  int64(w, 18, s["maxItems"]);
  int64(w, 19, s["minItems"]);
  bool(w, 20, s["uniqueItems"]);
  int64(w, 21, s["maxProperties"]);
  int64(w, 22, s["minProperties"]);
  strings(w, 23, s["required"]);
  for (const item of asList(s["enum"])) any(w, 24, item);
  string(w, 25, s["type"]);
  for (const [field, keyword] of [
    [26, "allOf"],
    [27, "oneOf"],
    [28, "anyOf"],
  ] as const)
    for (const item of asList(s[keyword])) schemaOrReference(w, field, item);
  if (typeof s["not"] === "object") message(w, 29, () => schema(w, asObject(s["not"])));
  if (typeof s["items"] === "object") message(w, 30, () => schemaOrReference(w, 1, s["items"]));
  if (typeof s["properties"] === "object") message(w, 31, () => namedSchemas(w, s["properties"]));
  const additional = s["additionalProperties"];
  if (typeof additional === "object") message(w, 32, () => schemaOrReference(w, 1, additional));
  if (typeof additional === "boolean") message(w, 32, () => w.uint32((2 << 3) | VARINT).bool(additional));
  const { default: given } = s;
  if (typeof given === "number") message(w, 33, () => double(w, 1, given));
  if (typeof given === "boolean") message(w, 33, () => w.uint32((2 << 3) | VARINT).bool(given));
  if (typeof given === "string") message(w, 33, () => string(w, 3, given));
  string(w, 34, s["description"]);
  string(w, 35, s["format"]);
  extensions(w, 36, s);
}
