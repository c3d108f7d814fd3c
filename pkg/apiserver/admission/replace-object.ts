import type { AdmissionAttributes } from "../types.ts";

/** Puts `value`, of `attributes.decode`, in the place of the object that is being admitted. */
export function replaceObject(attributes: AdmissionAttributes, value: Readonly<Record<string, unknown>>): void {
  const object = attributes.object as Record<string, unknown>;
  for (const key of Object.keys(object)) if (!Object.hasOwn(value, key)) delete object[key];
  Object.assign(object, value);
}
