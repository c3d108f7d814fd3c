import { type FieldError, fieldError } from "#pkg/errors/index.ts";
import { addInvalid, checkAnnotations, checkLabels } from "../../field-checks.ts";
import { checkDns1035Label, checkDnsLabel, checkPathSegment, checkQualifiedName } from "../../names.ts";
import type { ObjectMeta } from "../../types/meta-v1.ts";
import { childPath } from "./findings.ts";
import { isObject, type JsonObject } from "../../json-object.ts";
import type { SchemaNode } from "./schema-node.ts";

/** What upstream asks of every x-kubernetes-embedded-resource below `value`. */
export function validateEmbeddedResources(value: unknown, node: SchemaNode, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (node.hasEmbedded) check(value, node, path, errors);
  return errors;
}

function check(value: unknown, node: SchemaNode, path: string, errors: FieldError[]): void {
  if (Array.isArray(value)) {
    const { items } = node;
    if (items?.hasEmbedded === true)
      for (let i = 0; i < value.length; i++) check(value[i], items, `${path}[${i}]`, errors);
    return;
  }
  if (!isObject(value)) return;
  if (node.isEmbedded) checkResource(value, path, errors);
  for (const key of Object.keys(value)) {
    const property = node.properties.get(key);
    if (property !== undefined) {
      if (property.hasEmbedded) check(value[key], property, childPath(path, key), errors);
    } else if (node.additional?.hasEmbedded === true) check(value[key], node.additional, `${path}[${key}]`, errors);
  }
}

function checkResource(object: JsonObject, path: string, errors: FieldError[]): void {
  const { apiVersion, kind, metadata } = object as { apiVersion?: unknown; kind?: unknown; metadata?: unknown };
  const apiVersionPath = childPath(path, "apiVersion");
  if (apiVersion === undefined) errors.push(fieldError.required(apiVersionPath, "must not be empty"));
  else if (typeof apiVersion !== "string")
    errors.push(fieldError.invalid(apiVersionPath, apiVersion, "must be a string"));
  else if (apiVersion === "") errors.push(fieldError.invalid(apiVersionPath, apiVersion, "must not be empty"));
  else if (apiVersion.split("/").length > 2)
    errors.push(fieldError.invalid(apiVersionPath, apiVersion, `unexpected GroupVersion string: ${apiVersion}`));
  const kindPath = childPath(path, "kind");
  if (kind === undefined) errors.push(fieldError.required(kindPath, "must not be empty"));
  else if (typeof kind !== "string") errors.push(fieldError.invalid(kindPath, kind, "must be a string"));
  else if (kind === "") errors.push(fieldError.invalid(kindPath, kind, "must not be empty"));
  else {
    const wrong = checkDns1035Label(kind.toLowerCase());
    if (wrong.length > 0)
      errors.push(
        fieldError.invalid(kindPath, kind, `may have mixed case, but should otherwise match: ${wrong.join(",")}`),
      );
  }
  if (isObject(metadata)) checkMetadata(metadata as unknown as ObjectMeta, childPath(path, "metadata"), errors);
}

function checkMetadata(meta: ObjectMeta, path: string, errors: FieldError[]): void {
  if (meta.generateName)
    addInvalid(errors, `${path}.generateName`, meta.generateName, checkPathSegment(meta.generateName));
  if (meta.name) addInvalid(errors, `${path}.name`, meta.name, checkPathSegment(meta.name));
  if (meta.namespace) addInvalid(errors, `${path}.namespace`, meta.namespace, checkDnsLabel(meta.namespace));
  if ((meta.generation ?? 0) < 0)
    errors.push(fieldError.invalid(`${path}.generation`, meta.generation, "must be greater than or equal to 0"));
  checkLabels(errors, `${path}.labels`, meta.labels);
  checkAnnotations(errors, `${path}.annotations`, meta.annotations);
  for (const [i, owner] of (meta.ownerReferences ?? []).entries()) {
    const at = `${path}.ownerReferences[${i}]`;
    if (!owner.apiVersion) errors.push(fieldError.invalid(`${at}.apiVersion`, "", "version must not be empty"));
    for (const key of ["kind", "name", "uid"] as const)
      if (!owner[key]) errors.push(fieldError.invalid(`${at}.${key}`, "", "must not be empty"));
  }
  for (const finalizer of meta.finalizers ?? [])
    addInvalid(errors, `${path}.finalizers`, finalizer, checkQualifiedName(finalizer));
}
