import type { ResourceDefinition } from "#pkg/api/definition.ts";
import { apiVersionOf, type KubeObject } from "#pkg/api/resource-ref.ts";
import type { ManagedFieldsEntry } from "#pkg/api/types/meta-v1.ts";
import type { ResourceTable } from "../types.ts";
import { type Comparison, compare } from "./compare.ts";
import { type FieldSet, isEmpty, subtracting, union } from "./field-set.ts";
import { FieldTypes, isBuiltin, type Part } from "./field-types.ts";
import {
  capManaged,
  decodeManaged,
  encodeManaged,
  isReset,
  isSameManager,
  type Managed,
  type Manager,
} from "./managed-fields.ts";
import { reconciled } from "./reconcile.ts";
import { type Convert, versionOf, withConversions } from "./versions.ts";

/** One write by any verb but apply. */
export interface Write {
  readonly definition: ResourceDefinition;
  /** Undefined for a new object. In the request's version, as `now`. */
  readonly old: KubeObject | undefined;
  readonly now: KubeObject;
  /** managedFields of the request's body. */
  readonly given: readonly ManagedFieldsEntry[] | undefined;
  readonly manager: string;
  /** "" for the object itself. */
  readonly subresource: string;
  /** metav1.Time of the write. */
  readonly time: string;
}

type Entries = readonly ManagedFieldsEntry[] | undefined;

/** What changed, in the request's version. */
export interface Change {
  readonly definition: ResourceDefinition;
  readonly old: KubeObject;
  readonly now: KubeObject;
  readonly part: Part;
  readonly comparison: Comparison;
  readonly convert: Convert;
}

/** The change as a version sees it; undefined when that version is not served. */
export type ChangeIn = (apiVersion: string) => Comparison | undefined;

const NEW_OBJECT = { metadata: {} } as KubeObject;

/** Knows who owns which field of an object: metadata.managedFields after every write. */
export class FieldManager {
  readonly types = new FieldTypes();
  readonly #resources: ResourceTable;

  constructor(resources: ResourceTable) {
    this.#resources = resources;
  }

  /** metadata.managedFields after a write; undefined when nobody owns anything. Waits only where a webhook converts. */
  update(write: Write): Entries | Promise<Entries> {
    return withConversions((convert) => this.#updated(write, convert));
  }

  #updated(write: Write, convert: Convert): Entries {
    const { definition, old, now, subresource } = write;
    const part = partOf(definition, subresource);
    const known = old?.metadata.managedFields;
    // Through a subresource nobody can write managedFields themselves.
    const given = subresource === "" ? write.given : undefined;
    const managed = this.owners(definition, isReset(given) ? [] : (validOrNone(given) ?? decodeManaged(known) ?? []));
    // Upstream tracks from creation on; what came to lose its owners is tracked again from the first apply.
    if (managed.length === 0 && old !== undefined) return undefined;
    const comparison = compare(this.types.of(definition, part), old ?? NEW_OBJECT, now);
    if (comparison === undefined) return encodeManaged(managed);
    const manager: Manager = {
      name: write.manager,
      operation: "Update",
      apiVersion: apiVersionOf(definition),
      subresource,
    };
    const changeIn = this.changeIn({ definition, old: old ?? NEW_OBJECT, now, part, comparison, convert });
    return encodeManaged(this.taken(managed, manager, comparison, changeIn, write.time));
  }

  /**
   * What everybody owns after a change: the writer has what it set, everybody else loses what changed. Entries of
   * versions that are not served (any more) go.
   */
  taken(
    managed: readonly Managed[],
    manager: Manager,
    comparison: Comparison,
    changeIn: ChangeIn,
    time: string,
  ): readonly Managed[] {
    const touched = unite(comparison.added, comparison.modified);
    const out: Managed[] = [];
    let own: Managed | undefined;
    const subtractIn = lossesIn(changeIn);
    for (const each of managed) {
      if (isSameManager(each.manager, manager)) {
        // What it touched it has in the end: a writer that changes values of its own keeps the very set it has.
        const { removed } = comparison;
        own = removed === undefined ? each : without(each, subtracting(removed));
        continue;
      }
      const subtract = subtractIn(each.manager.apiVersion);
      if (subtract === undefined) continue;
      const left = without(each, subtract);
      if (!isEmpty(left.set)) out.push(left);
    }
    if (touched !== undefined) out.push({ manager, set: own === undefined ? touched : union(own.set, touched), time });
    else if (own !== undefined && !isEmpty(own.set)) out.push(own);
    return capManaged(out);
  }

  /** The change from `old` to `now`, as other versions of the API see it. */
  changeIn({ definition, old, now, part, comparison, convert }: Change): ChangeIn {
    const byVersion = new Map<string, Comparison | undefined>([[apiVersionOf(definition), comparison]]);
    return (apiVersion) => {
      if (byVersion.has(apiVersion)) return byVersion.get(apiVersion);
      const other = this.find(definition, apiVersion);
      const type = other === undefined ? undefined : this.types.of(other, part);
      const change =
        other === undefined || type === undefined
          ? undefined
          : (compare(type, convert(old, definition, other), convert(now, definition, other)) ?? {});
      byVersion.set(apiVersion, change);
      return change;
    };
  }

  /** The owners as the schemas of now have them; those of built-in kinds never change. */
  owners(definition: ResourceDefinition, managed: readonly Managed[]): readonly Managed[] {
    if (isBuiltin(definition)) return managed;
    return managed.map((each) => {
      const version = this.find(definition, each.manager.apiVersion);
      const set = version === undefined ? each.set : reconciled(this.types.of(version, "all"), each.set);
      return set === each.set ? each : { manager: each.manager, set, time: each.time };
    });
  }

  find(definition: ResourceDefinition, apiVersion: string): ResourceDefinition | undefined {
    return versionOf(this.#resources, definition, apiVersion);
  }
}

const validOrNone = (given: readonly ManagedFieldsEntry[] | undefined): Managed[] | undefined => {
  const managed = decodeManaged(given);
  return managed === undefined || managed.length === 0 ? undefined : managed;
};

/** Which fields a write through a subresource can change at all. */
export function partOf(definition: ResourceDefinition, subresource: string): Part {
  if (subresource === "status") return "status";
  return subresource === "" && definition.subresources["status"] !== undefined ? "main" : "all";
}

/** What takes a change from a set, made once for all managers of a version. */
export function lossesIn(changeIn: ChangeIn): (apiVersion: string) => ((set: FieldSet) => FieldSet) | undefined {
  const byVersion = new Map<string, ((set: FieldSet) => FieldSet) | undefined>();
  return (apiVersion) => {
    if (!byVersion.has(apiVersion)) {
      const change = changeIn(apiVersion);
      byVersion.set(apiVersion, change === undefined ? undefined : subtracting(allOf(change)));
    }
    return byVersion.get(apiVersion);
  };
}

export function without(managed: Managed, subtract: (set: FieldSet) => FieldSet): Managed {
  const set = subtract(managed.set);
  return set === managed.set ? managed : { manager: managed.manager, set, time: managed.time };
}

const unite = (a: FieldSet | undefined, b: FieldSet | undefined): FieldSet | undefined =>
  a === undefined ? b : b === undefined ? a : union(a, b);

const NOTHING: FieldSet = {};

const allOf = ({ added, modified, removed }: Comparison): FieldSet => unite(unite(added, modified), removed) ?? NOTHING;
