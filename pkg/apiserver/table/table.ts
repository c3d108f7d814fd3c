import type { RowCondition } from "#pkg/api/definition.ts";
import { type Column, ageSince, type KubeObject, type ResourceDefinition } from "#pkg/api/index.ts";
import type { ListMeta } from "#pkg/api/types/meta-v1.ts";
import { type MetaVersion, type PartialObjectMetadata, toPartialObjectMetadata } from "./partial-object-metadata.ts";

export interface TableColumnDefinition {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  readonly priority: number;
}

export interface TableRow {
  readonly cells: readonly unknown[];
  readonly conditions?: readonly RowCondition[];
  /** Null when the caller wants no object (`includeObject=None`). */
  readonly object: KubeObject | PartialObjectMetadata | null;
}

export interface Table {
  readonly kind: "Table";
  readonly apiVersion: string;
  readonly metadata: ListMeta;
  /** Null in watch events after the first. */
  readonly columnDefinitions: readonly TableColumnDefinition[] | null;
  readonly rows: readonly TableRow[];
}

/** Query parameter `includeObject` of a request with `as=Table`. */
export type IncludeObject = "None" | "Metadata" | "Object";

export interface TableOptions {
  readonly includeObject?: IncludeObject;
  readonly version?: MetaVersion;
  /** In ms, for ages. */
  readonly now: number;
}

const NAME: Column = {
  name: "Name",
  type: "string",
  format: "name",
  priority: 0,
  description: "The object's name, unique in its namespace for its kind.",
  value: (object: KubeObject) => object.metadata.name,
};
const AGE: Column = {
  name: "Age",
  type: "date",
  priority: 0,
  description: "Time since the object was created.",
  value: (object: KubeObject, now) => ageSince(object.metadata.creationTimestamp, now),
};

/** The columns of a kind: its own, led by Name where it has none of that name; Name and Age where it has none at all. */
export function columnsOf(definition: Pick<ResourceDefinition, "strategy">): readonly Column[] {
  const own = definition.strategy.columns;
  if (own === undefined || own.length === 0) return [NAME, AGE];
  return own.some((column) => column.name === "Name") ? own : [NAME, ...own];
}

/** What `as=Table` answers for a list, and for one object as a list of one. */
export function toTable(
  definition: Pick<ResourceDefinition, "strategy">,
  items: readonly KubeObject[],
  options: TableOptions & { readonly listMetadata: ListMeta },
): Table {
  const columns = columnsOf(definition);
  return {
    kind: "Table",
    apiVersion: `meta.k8s.io/${options.version ?? "v1"}`,
    metadata: options.listMetadata,
    columnDefinitions: columns.map(definitionOf),
    rows: items.map((item) => rowOf(definition, columns, item, options)),
  };
}

/**
 * The object of a watch event with `as=Table`: a table of one row. As upstream, only the first event of a watch names
 * the columns; a bookmark has no row, only its resourceVersion.
 */
export function toTableEvent(
  definition: Pick<ResourceDefinition, "strategy">,
  event: { readonly type: string; readonly object: KubeObject },
  options: TableOptions & { readonly first: boolean },
): Table {
  const columns = columnsOf(definition);
  const { resourceVersion } = event.object.metadata;
  return {
    kind: "Table",
    apiVersion: `meta.k8s.io/${options.version ?? "v1"}`,
    metadata: resourceVersion === undefined ? {} : { resourceVersion },
    columnDefinitions: options.first ? columns.map(definitionOf) : null,
    rows: event.type === "BOOKMARK" ? [] : [rowOf(definition, columns, event.object, options)],
  };
}

function definitionOf(column: Column): TableColumnDefinition {
  const { name, type, format = "", description, priority } = column;
  return { name, type, format, description, priority };
}

function rowOf(
  { strategy }: Pick<ResourceDefinition, "strategy">,
  columns: readonly Column[],
  object: KubeObject,
  options: TableOptions,
): TableRow {
  const conditions = strategy.rowConditions?.(object) ?? [];
  const cells = columns.map((column) => column.value(object, options.now) ?? null);
  return { cells, ...(conditions.length === 0 ? {} : { conditions }), object: shownObject(object, options) };
}

function shownObject(object: KubeObject, options: TableOptions): TableRow["object"] {
  switch (options.includeObject ?? "Metadata") {
    case "None":
      return null;
    case "Object":
      return object;
    default:
      return toPartialObjectMetadata(object, options.version);
  }
}
