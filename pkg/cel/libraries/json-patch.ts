import { traversal } from "../runtime/size.ts";
import { type Overload, overload } from "./overload.ts";

/** For paths of JSON patches (RFC 6901). */
export function jsonPatch(): readonly Overload[] {
  const escape = (key: string): string => key.replaceAll("~", "~0").replaceAll("/", "~1");
  return [overload("jsonpatch.escapeKey(string): string", escape, { cost: ([key]) => traversal(key, 2) })];
}
