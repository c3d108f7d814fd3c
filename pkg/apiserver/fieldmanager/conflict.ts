import type { StatusCause } from "#pkg/api/types/meta-v1.ts";
import { ApiError } from "#pkg/errors/index.ts";
import type { Manager } from "./managed-fields.ts";
import { printPath } from "./path-element.ts";

/** A field that the caller applies and somebody else owns with another value. */
export interface Conflict {
  readonly manager: Manager;
  readonly time: string | undefined;
  readonly path: readonly string[];
}

/** 409 with upstream's message and one cause for each field. */
export function conflictError(conflicts: readonly Conflict[]): ApiError {
  const causes: StatusCause[] = conflicts.map((conflict) => ({
    reason: "FieldManagerConflict",
    message: `conflict with ${printManager(conflict)}`,
    field: printPath(conflict.path),
  }));
  return new ApiError(409, "Conflict", messageOf(conflicts), { causes });
}

function messageOf(conflicts: readonly Conflict[]): string {
  const [first] = conflicts;
  if (conflicts.length === 1 && first !== undefined)
    return `Apply failed with 1 conflict: conflict with ${printManager(first)}: ${printPath(first.path)}`;
  const byManager = new Map<string, string[]>();
  for (const conflict of conflicts) {
    const manager = printManager(conflict);
    const lines = byManager.get(manager) ?? [];
    byManager.set(manager, lines);
    lines.push(`- ${printPath(conflict.path)}`);
  }
  const lines = [...byManager.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([manager, paths]) => [`conflicts with ${manager}:`, ...paths]);
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join("\n")}`;
}

function printManager({ manager }: Conflict): string {
  const of = manager.subresource === "" ? "" : ` with subresource ${JSON.stringify(manager.subresource)}`;
  const using = manager.operation === "Update" ? ` using ${manager.apiVersion}` : "";
  return `${JSON.stringify(manager.name)}${of}${using}`;
}
