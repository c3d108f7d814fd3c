import type { Schema } from "../../schema/schema.ts";
import { isKnownFormat } from "./formats.ts";

/** Formats in the schema that nothing is checked for, each as often as it comes. */
export function unknownFormats(schema: Schema): string[] {
  const found: string[] = [];
  if (schema.format && !isKnownFormat(schema.type ?? "", schema.format)) found.push(schema.format);
  const visit = (value: unknown): void => {
    if (typeof value === "object" && value !== null) found.push(...unknownFormats(value as Schema));
  };
  for (const key of ["items", "additionalProperties", "not"]) visit(schema[key]);
  for (const key of ["allOf", "anyOf", "oneOf"])
    for (const each of (schema[key] ?? []) as readonly Schema[]) visit(each);
  for (const each of Object.values(schema.properties ?? {})) visit(each);
  return found;
}
