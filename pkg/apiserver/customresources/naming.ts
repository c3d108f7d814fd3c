import { isDeepStrictEqual } from "node:util";
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames as Names,
} from "#pkg/api/types/apiextensions-v1.ts";
import { findCondition, type WantedCondition } from "./conditions.ts";

export interface NamingResult {
  readonly acceptedNames: Names;
  readonly namesAccepted: WantedCondition;
  /** Undefined where it stays as it is: once established, always established. */
  readonly established: WantedCondition | undefined;
}

/** Every name that the CRDs of a group have been granted. Resource names and kinds are two namespaces. */
export interface TakenNames {
  readonly resources: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
}

/**
 * Grants a CRD the names it asks for, each unless another CRD of the group has it. Names that it was granted before stay
 * until the new ones are free. Reasons and messages are those of upstream's naming controller.
 */
export function acceptNames(crd: CustomResourceDefinition, taken: TakenNames): NamingResult {
  const wanted = crd.spec.names;
  const had: Partial<Names> = crd.status?.acceptedNames ?? {};
  const accepted: { -readonly [K in keyof Names]: Names[K] } = {
    ...had,
    plural: had.plural ?? "",
    kind: had.kind ?? "",
  };
  let refused: { readonly reason: string; readonly message: string } | undefined;
  const claim = (
    field: "plural" | "singular" | "kind" | "listKind",
    reason: string,
    used: ReadonlySet<string>,
  ): void => {
    const name = wanted[field] ?? "";
    if (name !== (had[field] ?? "") && used.has(name)) refused = { reason, message: inUse(name) };
    else accepted[field] = name;
  };
  claim("plural", "PluralConflict", taken.resources);
  claim("singular", "SingularConflict", taken.resources);
  const shortNames = wanted.shortNames ?? [];
  if (!isDeepStrictEqual(shortNames, had.shortNames ?? [])) {
    const conflicts = shortNames.filter((name) => had.shortNames?.includes(name) !== true && taken.resources.has(name));
    if (conflicts.length > 0) refused = { reason: "ShortNamesConflict", message: aggregate(conflicts.map(inUse)) };
    else if (wanted.shortNames === undefined) delete accepted.shortNames;
    else accepted.shortNames = shortNames;
  }
  claim("kind", "KindConflict", taken.kinds);
  claim("listKind", "ListKindConflict", taken.kinds);
  if (wanted.categories === undefined) delete accepted.categories;
  else accepted.categories = wanted.categories;
  const type = "NamesAccepted";
  return {
    acceptedNames: accepted,
    namesAccepted:
      refused === undefined
        ? { type, status: "True", reason: "NoConflicts", message: "no conflicts found" }
        : { type, status: "False", ...refused },
    established: establishedCondition(crd, refused === undefined),
  };
}

function establishedCondition(crd: CustomResourceDefinition, accepted: boolean): WantedCondition | undefined {
  const type = "Established";
  const old = findCondition(crd, type);
  if (old?.status === "True") return undefined;
  if (accepted)
    return { type, status: "True", reason: "InitialNamesAccepted", message: "the initial names have been accepted" };
  if (old !== undefined) return undefined;
  return { type, status: "False", reason: "NotAccepted", message: "not all names are accepted" };
}

const inUse = (name: string): string => `${JSON.stringify(name)} is already in use`;

/** As Go's aggregated errors print: each once. */
function aggregate(messages: readonly string[]): string {
  const once = [...new Set(messages)];
  return once.length === 1 ? (once[0] as string) : `[${once.join(", ")}]`;
}
