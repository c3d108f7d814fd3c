/** Types whose JSON is not an object of their fields: times, quantities, raw JSON and a few that are "one of". */

type Fields = Record<string, unknown>;

export interface Form {
  /** The JSON value of the fields read; undefined is "not set". */
  readonly toJson: (fields: Fields) => unknown;
  /** The fields of a JSON value; of undefined, those of the type's zero. */
  readonly toFields: (value: unknown) => Fields;
}

/** A message that only wraps one field. */
function wrapper(field: string, zero: unknown): Form {
  return {
    toJson: (fields) => fields[field] ?? zero,
    toFields: (value) => ({ [field]: value ?? zero }),
  };
}

/** Seconds and nanoseconds. A zero time is an empty message and means "not set". */
function time(print: (seconds: number, nanos: number) => string, nanosOf: (text: string) => number): Form {
  return {
    toJson: ({ seconds, nanos }) =>
      seconds === undefined && nanos === undefined ? undefined : print(Number(seconds ?? 0), Number(nanos ?? 0)),
    toFields: (value) =>
      typeof value === "string" ? { seconds: Math.floor(Date.parse(value) / 1000), nanos: nanosOf(value) } : {},
  };
}

const isoSeconds = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 19);
const microsOf = (text: string): number => Number((/\.(\d+)/.exec(text)?.[1] ?? "").slice(0, 6).padEnd(6, "0"));

const isSchema = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);

/** A schema, or a list of something under `other`. */
function schemaOr(other: string): Form {
  return {
    toJson: (fields) => fields["schema"] ?? fields[other],
    toFields: (value) => (isSchema(value) ? { schema: value } : { [other]: value }),
  };
}

/** By the message's short name, which is unique among those that have a form. */
export const FORMS: Readonly<Record<string, Form>> = {
  Quantity: wrapper("string", "0"),
  FieldsV1: wrapper("Raw", undefined),
  RawExtension: wrapper("raw", undefined),
  JSON: wrapper("raw", undefined),
  ExtraValue: wrapper("items", []),
  Verbs: wrapper("items", []),
  Time: time(
    (seconds) => `${isoSeconds(seconds)}Z`,
    () => 0,
  ),
  MicroTime: time(
    (seconds, nanos) => `${isoSeconds(seconds)}.${String(Math.trunc(nanos / 1000)).padStart(6, "0")}Z`,
    (text) => microsOf(text) * 1000,
  ),
  IntOrString: {
    toJson: (fields) => (fields["type"] === 1 ? (fields["strVal"] ?? "") : (fields["intVal"] ?? 0)),
    toFields: (value) => (typeof value === "string" ? { type: 1, strVal: value } : { intVal: value ?? 0 }),
  },
  JSONSchemaPropsOrArray: schemaOr("jSONSchemas"),
  JSONSchemaPropsOrStringArray: schemaOr("property"),
  JSONSchemaPropsOrBool: {
    toJson: (fields) => fields["schema"] ?? fields["allows"] ?? false,
    // A schema allows: Go's own reading of JSON sets both.
    toFields: (value) => (isSchema(value) ? { allows: true, schema: value } : { allows: value === true }),
  },
};
