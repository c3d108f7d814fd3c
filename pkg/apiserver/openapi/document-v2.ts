import { toV2 } from "./convert-schema.ts";
import type { Operation, Path } from "./operations.ts";
import type { Parameter } from "./parameters.ts";
import type { SchemaIndex } from "./schema-index.ts";

type Json = Record<string, unknown>;

/** The parts of an OpenAPI v2 document that Kubernetes publishes, as plain data. */
export interface DocumentV2 {
  readonly swagger: "2.0";
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, PathItemV2>>;
  readonly definitions: Readonly<Record<string, Json>>;
}

export interface PathItemV2 {
  readonly parameters?: readonly ParameterV2[];
  readonly get?: OperationV2;
  readonly put?: OperationV2;
  readonly post?: OperationV2;
  readonly delete?: OperationV2;
  readonly patch?: OperationV2;
}

export interface OperationV2 {
  readonly tags: readonly string[];
  readonly operationId: string;
  readonly consumes: readonly string[];
  readonly produces: readonly string[];
  readonly schemes: readonly string[];
  readonly parameters: readonly ParameterV2[];
  readonly responses: Readonly<Record<string, { readonly description: string; readonly schema?: Json }>>;
  readonly "x-kubernetes-action": string;
  readonly "x-kubernetes-group-version-kind": Operation["gvk"];
}

export interface ParameterV2 {
  readonly name: string;
  readonly in: "query" | "path" | "body";
  readonly required?: boolean;
  readonly type?: string;
  readonly uniqueItems?: boolean;
  readonly schema?: Json;
}

const OBJECT_TYPES = ["application/json", "application/yaml"];
/** What these paths and schemas are in the one OpenAPI v2 document of all groups. */
export function documentV2(
  paths: readonly Path[],
  schemaNames: Iterable<string>,
  schemas: SchemaIndex,
): Pick<DocumentV2, "paths" | "definitions"> {
  return {
    paths: Object.fromEntries(paths.map((path) => [path.path, pathItem(path)])),
    definitions: Object.fromEntries(schemas.closure(schemaNames).map(([name, schema]) => [name, toV2(schema)])),
  };
}

function pathItem(path: Path): PathItemV2 {
  return {
    ...(path.parameters.length === 0 ? {} : { parameters: path.parameters.map(parameter) }),
    ...Object.fromEntries(path.operations.map((operation) => [operation.method, operationObject(operation)])),
  };
}

function operationObject({ id, tag, action, gvk, parameters, body, patchTypes, response }: Operation): OperationV2 {
  const text = response === "string";
  return {
    tags: [tag],
    operationId: id,
    consumes: patchTypes ?? ["*/*"],
    produces: text ? ["*/*"] : OBJECT_TYPES,
    schemes: ["https"],
    parameters: [...(body === undefined ? [] : [bodyParameter(body)]), ...parameters.map(parameter)],
    responses: {
      200: { description: "OK", schema: text ? { type: "string" } : { $ref: `#/definitions/${response}` } },
      401: { description: "Unauthorized" },
    },
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": gvk,
  };
}

function bodyParameter(schema: string): ParameterV2 {
  const optional = schema.endsWith(".DeleteOptions");
  const ref = { $ref: `#/definitions/${schema}` };
  return { name: "body", in: "body", ...(optional ? {} : { required: true }), schema: ref };
}

function parameter({ name, in: place, type }: Parameter): ParameterV2 {
  return { name, in: place, ...(place === "path" ? { required: true } : {}), type, uniqueItems: true };
}
