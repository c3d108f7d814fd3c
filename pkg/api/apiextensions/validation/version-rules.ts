import { type FieldError, fieldError } from "#pkg/errors/index.ts";
import type { Schema } from "../../schema/schema.ts";
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinitionVersion,
  CustomResourceSubresources,
  SelectableField,
} from "../../types/apiextensions-v1.ts";
import { FieldPathError, readFieldPath } from "../schema/field-path.ts";

const COLUMN_TYPES = ["boolean", "date", "integer", "number", "string"];
const COLUMN_FORMATS = ["byte", "date", "date-time", "double", "float", "int32", "int64", "password"];
const MAX_SELECTABLE_FIELDS = 8;
const MAX_WARNING_BYTES = 256;

export function validateDeprecation(version: CustomResourceDefinitionVersion, path: string): FieldError[] {
  const warning = version.deprecationWarning;
  if (warning === undefined) return [];
  const invalid = (why: string): FieldError => fieldError.invalid(`${path}.deprecationWarning`, warning, why);
  if (version.deprecated !== true) return [invalid("can only be set for deprecated versions")];
  const errors: FieldError[] = [];
  if (Buffer.byteLength(warning) > MAX_WARNING_BYTES) errors.push(invalid("must be <= 256 characters long"));
  if (warning === "") errors.push(invalid("must not be an empty string"));
  const unprintable = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.exec(warning);
  if (unprintable !== null) {
    const at = Buffer.byteLength(warning.slice(0, unprintable.index));
    const why = `must only contain printable UTF-8 characters; non-printable character found at index ${at}`;
    errors.push(invalid(why));
  }
  return errors;
}

/** What upstream takes for a path of the dot notation: anything that begins with a dot. */
function checkSimplePath(errors: FieldError[], path: string, text: string): boolean {
  if (text.startsWith(".")) return true;
  errors.push(fieldError.invalid(path, text, "must be a simple json path starting with ."));
  return false;
}

export function validateColumns(columns: readonly CustomResourceColumnDefinition[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, column] of columns.entries()) {
    const at = `${path}[${i}]`;
    const types = `must be one of ${COLUMN_TYPES.join(",")}`;
    if (!column.name) errors.push(fieldError.required(`${at}.name`));
    if (!column.type) errors.push(fieldError.required(`${at}.type`, types));
    else if (!COLUMN_TYPES.includes(column.type)) errors.push(fieldError.invalid(`${at}.type`, column.type, types));
    if (column.format && !COLUMN_FORMATS.includes(column.format))
      errors.push(fieldError.invalid(`${at}.format`, column.format, `must be one of ${COLUMN_FORMATS.join(",")}`));
    if (!column.jsonPath) errors.push(fieldError.required(`${at}.JSONPath`));
    else checkSimplePath(errors, `${at}.JSONPath`, column.jsonPath);
  }
  return errors;
}

export function validateSubresources({ scale }: CustomResourceSubresources, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (scale === undefined) return errors;
  const check = (name: string, text: string, roots: readonly string[], why: string): void => {
    const at = `${path}.scale.${name}`;
    if (checkSimplePath(errors, at, text) && !roots.some((root) => text.startsWith(root)))
      errors.push(fieldError.invalid(at, text, why));
  };
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = scale;
  if (!specReplicasPath) errors.push(fieldError.required(`${path}.scale.specReplicasPath`));
  else check("specReplicasPath", specReplicasPath, [".spec."], "should be a json path under .spec");
  if (!statusReplicasPath) errors.push(fieldError.required(`${path}.scale.statusReplicasPath`));
  else check("statusReplicasPath", statusReplicasPath, [".status."], "should be a json path under .status");
  if (labelSelectorPath)
    check(
      "labelSelectorPath",
      labelSelectorPath,
      [".spec.", ".status."],
      "should be a json path under either .spec or .status",
    );
  return errors;
}

export function validateSelectableFields(
  fields: readonly SelectableField[],
  schema: Schema | undefined,
  path: string,
): FieldError[] {
  if (fields.length === 0) return [];
  if (schema === undefined) {
    const why = "selectableFields may only be set when version.schema.openAPIV3Schema is not included";
    return [fieldError.invalid(path, "", why)];
  }
  const errors: FieldError[] = [];
  const known = new Set<string>();
  for (const [i, { jsonPath }] of fields.entries()) {
    const at = `${path}[${i}].jsonPath`;
    if (!jsonPath) {
      errors.push(fieldError.required(at));
      continue;
    }
    try {
      const found = readFieldPath(jsonPath, schema, { arrayNotation: false });
      if (found.root === "metadata")
        errors.push(fieldError.invalid(at, jsonPath, "must not point to fields in metadata"));
      if (!["string", "boolean", "integer"].includes(found.schema?.type ?? ""))
        errors.push(
          fieldError.invalid(
            at,
            jsonPath,
            "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.",
          ),
        );
      if (known.has(found.path)) errors.push(fieldError.duplicate(at, jsonPath));
      known.add(found.path);
    } catch (err) {
      if (!(err instanceof FieldPathError)) throw err;
      errors.push(fieldError.invalid(at, jsonPath, `is an invalid path: ${err.message}`));
    }
  }
  if (known.size > MAX_SELECTABLE_FIELDS) errors.push(fieldError.tooMany(path, known.size, MAX_SELECTABLE_FIELDS));
  return errors;
}
