import { isDeepStrictEqual } from "node:util";
import type { CustomResourceDefinitionNames as Names } from "#pkg/api/types/apiextensions-v1.ts";
import type { TakenNames } from "./naming.ts";

/** The names that CRDs have been granted, by group, so that none of them has to be read again to decide on another. */
export class GrantedNames {
  readonly #groups = new Map<string, Map<string, Names>>();

  /** True when they are others than before. */
  set(group: string, crd: string, names: Names): boolean {
    let granted = this.#groups.get(group);
    if (granted === undefined) this.#groups.set(group, (granted = new Map()));
    const changed = !isDeepStrictEqual(granted.get(crd), names);
    granted.set(crd, names);
    return changed;
  }

  delete(group: string, crd: string): void {
    const granted = this.#groups.get(group);
    granted?.delete(crd);
    if (granted?.size === 0) this.#groups.delete(group);
  }

  /** All CRDs of the group. */
  holders(group: string): string[] {
    return [...(this.#groups.get(group)?.keys() ?? [])];
  }

  /** What all CRDs of the group but this one hold. */
  taken(group: string, crd: string): TakenNames {
    const resources = new Set<string>();
    const kinds = new Set<string>();
    for (const [holder, { plural, singular, shortNames, kind, listKind }] of this.#groups.get(group) ?? []) {
      if (holder === crd) continue;
      for (const name of [plural, singular, ...(shortNames ?? [])]) if (name) resources.add(name);
      for (const name of [kind, listKind]) if (name) kinds.add(name);
    }
    return { resources, kinds };
  }
}
