import type { ResourceDefinition } from "#pkg/api/definition.ts";
import { apiVersionOf, type KubeObject } from "#pkg/api/resource-ref.ts";
import type { AdmissionAttributes } from "../../types.ts";
import type { Place, Versioned } from "./types.ts";

/** An object in another version of what is stored once. Rejects with what a conversion webhook says. */
export async function convert(
  object: KubeObject,
  from: ResourceDefinition,
  to: ResourceDefinition,
): Promise<KubeObject> {
  const { kind } = to;
  const apiVersion = apiVersionOf(to);
  if (to.storage.convert !== undefined) {
    const [converted] = await to.storage.convert([object], apiVersion);
    if (converted === undefined) throw new Error("the converter answered no object");
    return converted;
  }
  const stored = from.storage.toStorage?.(object) ?? object;
  const inStored = { ...stored, apiVersion: from.storage.apiVersion };
  return { ...(to.storage.fromStorage?.(inStored) ?? inStored), kind, apiVersion };
}

/** The request's objects as an invocation wants them; made once per version. */
export class Versions {
  readonly #attributes: AdmissionAttributes;
  readonly #made = new Map<ResourceDefinition, Promise<Versioned>>();

  constructor(attributes: AdmissionAttributes) {
    this.#attributes = attributes;
  }

  async of({ definition: to }: Pick<Place, "definition">): Promise<Versioned> {
    const { object, old, definition: from } = this.#attributes;
    if (to === undefined) return { object, old };
    let made = this.#made.get(to);
    if (made === undefined) {
      const one = async (each: KubeObject | undefined): Promise<unknown> =>
        each === undefined ? undefined : await convert(each, from, to);
      made = Promise.all([one(object), one(old)]).then(([o, w]) => ({ object: o, old: w }));
      this.#made.set(to, made);
    }
    return await made;
  }

  /** The object changed: what was made of it is of no use. */
  forget(): void {
    this.#made.clear();
  }
}
