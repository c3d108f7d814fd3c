import { type FieldError, fieldError } from "#pkg/errors/index.ts";
import { checkDns1035Label } from "../../names.ts";
import type { CustomResourceDefinitionNames } from "../../types/apiextensions-v1.ts";

/** What names may look like, in the spec and in status.acceptedNames; none of them is required here. */
export function validateNames(names: CustomResourceDefinitionNames | undefined, path: string): FieldError[] {
  if (names === undefined) return [];
  const errors: FieldError[] = [];
  const check = (at: string, value: string, checked = value, prefix = ""): void => {
    const wrong = checkDns1035Label(checked);
    if (wrong.length > 0) errors.push(fieldError.invalid(`${path}.${at}`, value, prefix + wrong.join(",")));
  };
  const { plural, singular = "", kind, listKind = "", shortNames = [], categories = [] } = names;
  const mixed = "may have mixed case, but should otherwise match: ";
  if (plural) check("plural", plural);
  if (singular !== "") check("singular", singular);
  if (kind) check("kind", kind, kind.toLowerCase(), mixed);
  if (listKind !== "") check("listKind", listKind, listKind.toLowerCase(), mixed);
  for (const [i, shortName] of shortNames.entries()) check(`shortNames[${i}]`, shortName);
  if (kind && kind === listKind)
    errors.push(fieldError.invalid(`${path}.listKind`, listKind, "kind and listKind may not be the same"));
  for (const [i, category] of categories.entries()) check(`categories[${i}]`, category);
  return errors;
}
