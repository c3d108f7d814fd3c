// Table and PartialObjectMetadata, the two other forms in which any object, list or watch event can be asked for.
// Pure: reads a definition's columns and the objects handed in.
export {
  type MetaVersion,
  type PartialObjectMetadata,
  type PartialObjectMetadataList,
  toPartialObjectMetadata,
  toPartialObjectMetadataList,
} from "./partial-object-metadata.ts";
export {
  columnsOf,
  type IncludeObject,
  type Table,
  type TableColumnDefinition,
  type TableOptions,
  type TableRow,
  toTable,
  toTableEvent,
} from "./table.ts";
