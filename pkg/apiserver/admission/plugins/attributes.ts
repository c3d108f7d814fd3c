import { type ApiError, forbidden } from "#pkg/errors/index.ts";
import type { AdmissionAttributes } from "../../types.ts";

/** A write of the resource itself or, when given, of one of its subresources. `resource` is "plural" or "group/plural". */
export function concerns(
  attributes: AdmissionAttributes,
  resource: string,
  operations: readonly AdmissionAttributes["operation"][],
  subresource = "",
): boolean {
  const { info } = attributes;
  // Every plugin asks this of every write: nothing is put together before the rest fits.
  if (!resource.endsWith(info.resource) || info.subresource !== subresource) return false;
  const key = info.group === "" ? info.resource : `${info.group}/${info.resource}`;
  return key === resource && operations.includes(attributes.operation);
}

/** 403 that names the object, in upstream's words. */
export function refusal(attributes: AdmissionAttributes, why: string): ApiError {
  const { info } = attributes;
  return forbidden({ group: info.group, plural: info.resource }, info.name, why);
}
