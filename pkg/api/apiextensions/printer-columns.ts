import { ageColumn, nameColumn } from "../columns.ts";
import type { Column } from "../definition.ts";
import { humanDuration } from "../duration.ts";
import { JsonPath, JsonPathError, printJsonPathValue } from "../json-path.ts";
import { sortedJson } from "./schema/json.ts";
import type { CustomResourceColumnDefinition } from "../types/apiextensions-v1.ts";

const AGE: Column = { ...ageColumn, type: "date" };

/** Columns as the CRD defines them; Age where it defines none. Upstream falls back to Name alone when a path is wrong. */
export function printerColumns(given: readonly CustomResourceColumnDefinition[] | undefined): readonly Column[] {
  if (given === undefined || given.length === 0) return [nameColumn, AGE];
  const columns: Column[] = [nameColumn];
  try {
    for (const each of given) columns.push(printerColumn(each));
  } catch (err) {
    if (!(err instanceof JsonPathError)) throw err;
  }
  return columns;
}

function printerColumn(given: CustomResourceColumnDefinition): Column {
  const path = new JsonPath(given.jsonPath);
  const type = given.type as Column["type"];
  return {
    name: given.name,
    type,
    ...(given.format === undefined ? {} : { format: given.format }),
    priority: given.priority ?? 0,
    description: given.description || `Custom resource definition column (in JSONPath format): ${given.jsonPath}`,
    value: (object: unknown, now) => {
      const value = path.first(object);
      return value === undefined ? null : cell(type, value, now);
    },
  };
}

function cell(type: Column["type"], value: unknown, now: number): string | number | boolean | null {
  switch (type) {
    case "string":
      return typeof value === "object" && value !== null ? sortedJson(value) : printJsonPathValue(value);
    case "integer":
      return typeof value === "number" ? Math.trunc(value) : null;
    case "number":
      return typeof value === "number" ? value : null;
    case "boolean":
      return typeof value === "boolean" ? value : null;
    case "date":
      return typeof value === "string" ? age(value, now) : null;
    default:
      return null;
  }
}

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

function age(time: string, now: number): string {
  if (time === "" || time === "null") return "<unknown>";
  const ms = RFC3339.test(time) ? Date.parse(time) : Number.NaN;
  return Number.isNaN(ms) ? "<invalid>" : humanDuration(now - ms);
}
