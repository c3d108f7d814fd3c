// Columns that many kinds share.
import type { Column } from "./definition.ts";
import { ageSince } from "./duration.ts";
import type { KubeObject } from "./resource-ref.ts";

type Cell = Column["value"];

export const column = (name: string, description: string, value: Cell, priority = 0): Column => ({
  name,
  type: "string",
  priority,
  description,
  value,
});
/** Shown with `-o wide` only. */
export const wideColumn = (name: string, description: string, value: Cell): Column =>
  column(name, description, value, 1);
export const integerColumn = (name: string, description: string, value: Cell, priority = 0): Column => ({
  ...column(name, description, value, priority),
  type: "integer",
});
export const booleanColumn = (name: string, description: string, value: Cell): Column => ({
  ...column(name, description, value),
  type: "boolean",
});

export const nameColumn: Column = {
  ...column("Name", "Name of the object", (object: KubeObject) => object.metadata.name),
  format: "name",
};
export const ageColumn: Column = column("Age", "Time since the object was created", (object: KubeObject, now: number) =>
  ageSince(object.metadata.creationTimestamp, now),
);
/** Kinds that have no printer of their own show when they were created. */
export const createdAtColumn: Column = {
  ...column("Created At", "Time of creation", (object: KubeObject) => object.metadata.creationTimestamp),
  type: "date",
};
export const defaultColumns: readonly Column[] = [nameColumn, createdAtColumn];
