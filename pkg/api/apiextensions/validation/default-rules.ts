/** A default must be what a client could have sent: known fields only, valid by its own schema, metadata readable. */
import { type FieldError, fieldError } from "#pkg/errors/index.ts";
import { DecodeError } from "../../schema/decode-error.ts";
import { Decoding } from "../../schema/decoder.ts";
import type { Schema } from "../../schema/schema.ts";
import { pruneValue } from "../schema/decode.ts";
import type { Cel } from "../schema/engines.ts";
import { validateEmbeddedResources } from "../schema/embedded-resources.ts";
import { Findings } from "../schema/findings.ts";
import { jsonEqual } from "../schema/json.ts";
import { RuleSet } from "../schema/rules.ts";
import { META_FIELDS, SchemaNode } from "../schema/schema-node.ts";
import { SchemaValidator } from "../schema/schema-validator.ts";
import type { CompilePattern } from "../schema/value-checks.ts";

/** What schemas are checked with. */
export interface SchemaEngines {
  readonly compilePattern: CompilePattern;
  /** Undefined where no schema has rules in CEL. */
  readonly cel: Cel | undefined;
}

/** Puts a value where it belongs in the resource that surrounds it. */
type Surround = (value: unknown) => unknown;
interface Place {
  readonly resource: SchemaNode;
  readonly surround: Surround;
  readonly isInsideMeta: boolean;
}

export function validateDefaults(root: SchemaNode, path: string, engines: SchemaEngines): FieldError[] {
  const errors: FieldError[] = [];
  // Defaults of the root's own metadata are forbidden elsewhere.
  for (const [name, node] of root.properties)
    if (!META_FIELDS.has(name)) walk(node, `${path}.properties[${name}]`, OUTSIDE(root), errors, engines);
  if (root.default !== undefined) checkDefault(root, path, OUTSIDE(root), errors, engines);
  return errors;
}

const OUTSIDE = (resource: SchemaNode): Place => ({ resource, surround: (value) => value, isInsideMeta: false });

function walk(node: SchemaNode, path: string, place: Place, errors: FieldError[], engines: SchemaEngines): void {
  const here = node.isEmbedded ? OUTSIDE(node) : place;
  if (node.default !== undefined) checkDefault(node, path, here, errors, engines);
  const { items } = node;
  if (items !== undefined)
    walk(items, `${path}.items`, { ...here, surround: (value) => here.surround([value]) }, errors, engines);
  for (const [name, property] of node.properties) {
    const isMeta = here.isInsideMeta || (node.isEmbedded && META_FIELDS.has(name));
    const surround: Surround = (value) => here.surround(Object.fromEntries([[name, value]]));
    walk(property, `${path}.properties[${name}]`, { ...here, surround, isInsideMeta: isMeta }, errors, engines);
  }
}

function checkDefault(
  node: SchemaNode,
  path: string,
  place: Place,
  errors: FieldError[],
  engines: SchemaEngines,
): void {
  const at = `${path}.default`;
  const value = node.default;
  const before = errors.length;
  if (place.isInsideMeta) checkInMetadata(node, at, place, errors);
  else {
    if (hasUnknownFields(value, node)) errors.push(fieldError.invalid(at, value, "must not have unknown fields"));
    errors.push(...validateEmbeddedResources(value, node, at));
  }
  if (errors.length > before && place.isInsideMeta) return;
  const findings = new Findings(at);
  new SchemaValidator(node.schema, engines.compilePattern).validate(value, "", findings);
  errors.push(...findings.errors);
  if (errors.length === before && engines.cel !== undefined)
    errors.push(...new RuleSet(engines.cel, node.schema, node.isEmbedded).validateDefault(value, at));
}

function hasUnknownFields(value: unknown, node: SchemaNode): boolean {
  try {
    return !jsonEqual(pruneValue(value, node, new Decoding()), value);
  } catch (err) {
    if (err instanceof DecodeError) return true;
    throw err;
  }
}

function checkInMetadata(node: SchemaNode, at: string, place: Place, errors: FieldError[]): void {
  const given = place.surround(node.default) as Record<string, unknown>;
  const resource = { apiVersion: "validation/v1", kind: "Validation", ...given };
  const embedded: Schema = { ...place.resource.schema, "x-kubernetes-embedded-resource": true };
  const wrong = (why: string): number =>
    errors.push(fieldError.invalid(at, node.default, `must result in valid metadata: ${why}`));
  try {
    const read = pruneValue(resource, new SchemaNode(embedded), new Decoding());
    const found = validateEmbeddedResources(read, new SchemaNode(embedded), "");
    const texts = found.map((each) => `${each.field}: ${each.message}`);
    if (texts.length > 0) wrong(texts.length === 1 ? (texts[0] as string) : `[${texts.join(", ")}]`);
  } catch (err) {
    if (!(err instanceof DecodeError)) throw err;
    wrong(err.message);
  }
}
