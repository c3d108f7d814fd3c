/** What the protobuf forms of OpenAPI v2 and v3 (google/gnostic) are written with. Values that are absent are left out. */
import type { Writer } from "protobufjs/minimal.js";

export const LENGTH_DELIMITED = 2;
export const VARINT = 0;
const DOUBLE = 1;

export function message(w: Writer, field: number, body: () => void): void {
  w.uint32((field << 3) | LENGTH_DELIMITED).fork();
  body();
  w.ldelim();
}

export function string(w: Writer, field: number, value: unknown): void {
  if (typeof value === "string") w.uint32((field << 3) | LENGTH_DELIMITED).string(value);
}

export function strings(w: Writer, field: number, values: unknown): void {
  if (Array.isArray(values)) for (const value of values) string(w, field, value);
}

export function bool(w: Writer, field: number, value: unknown): void {
  if (value === true) w.uint32((field << 3) | VARINT).bool(true);
}

export function int64(w: Writer, field: number, value: unknown): void {
  if (typeof value === "number") w.uint32((field << 3) | VARINT).int64(value);
}

export function double(w: Writer, field: number, value: unknown): void {
  if (typeof value === "number") w.uint32((field << 3) | DOUBLE).double(value);
}

/** The Any of gnostic: the value as YAML, of which JSON is a part. */
export function any(w: Writer, field: number, value: unknown): void {
  if (value !== undefined) message(w, field, () => string(w, 2, JSON.stringify(value)));
}

/** A Named… message: a key and its value. */
export function named(w: Writer, field: number, name: string, body: () => void): void {
  message(w, field, () => {
    string(w, 1, name);
    message(w, 2, body);
  });
}

export function extensions(w: Writer, field: number, object: object): void {
  for (const [name, value] of Object.entries(object)) {
    if (!name.startsWith("x-")) continue;
    message(w, field, () => {
      string(w, 1, name);
      any(w, 2, value);
    });
  }
}
