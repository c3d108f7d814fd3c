import { toV3 } from "./convert-schema.ts";
import type { Operation, Path } from "./operations.ts";
import type { Parameter } from "./parameters.ts";
import type { SchemaIndex } from "./schema-index.ts";

const OBJECT_TYPES = ["application/json", "application/yaml"];
/** The OpenAPI v3 document of one group version, as plain data. */
export function documentV3(
  paths: readonly Path[],
  schemaNames: Iterable<string>,
  schemas: SchemaIndex,
  version: string,
): object {
  const components = schemas.closure(schemaNames).map(([name, schema]) => [name, toV3(schema)]);
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version },
    paths: Object.fromEntries(paths.map((path) => [path.path, pathItem(path)])),
    components: { schemas: Object.fromEntries(components) },
  };
}

function pathItem(path: Path): object {
  return {
    ...(path.parameters.length === 0 ? {} : { parameters: path.parameters.map(parameter) }),
    ...Object.fromEntries(path.operations.map((operation) => [operation.method, operationObject(operation)])),
  };
}

function operationObject(operation: Operation): object {
  const { id, tag, action, gvk, parameters, body, response } = operation;
  return {
    tags: [tag],
    operationId: id,
    ...(parameters.length === 0 ? {} : { parameters: parameters.map(parameter) }),
    ...(body === undefined ? {} : { requestBody: requestBody(body, operation.patchTypes) }),
    responses: {
      200: { description: "OK", content: content(response, response === "string" ? ["*/*"] : OBJECT_TYPES) },
      401: { description: "Unauthorized" },
    },
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": gvk,
  };
}

function requestBody(schema: string, patchTypes: readonly string[] | undefined): object {
  if (patchTypes !== undefined) return { content: content(schema, patchTypes), required: true };
  const optional = schema.endsWith(".DeleteOptions");
  return { content: content(schema, ["*/*"]), ...(optional ? {} : { required: true }) };
}

function content(schema: string, types: readonly string[]): object {
  const value = schema === "string" ? { type: "string" } : { $ref: `#/components/schemas/${schema}` };
  return Object.fromEntries(types.map((type) => [type, { schema: value }]));
}

function parameter({ name, in: place, type }: Parameter): object {
  return { name, in: place, ...(place === "path" ? { required: true } : {}), schema: { type, uniqueItems: true } };
}
