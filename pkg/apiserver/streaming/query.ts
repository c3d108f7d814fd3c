import { badRequest } from "#pkg/errors/index.ts";
import type { RequestContext } from "../types.ts";
import { isTrue } from "../request-info.ts";

/** Go's conversion of a query parameter to a bool: absent, "false" and "0" are false, all else is true. */
export function boolOf(query: URLSearchParams, name: string): boolean {
  return isTrue(query.get(name));
}

/** A whole number, or undefined where absent. @throws 400 in the words of strconv.ParseInt */
export function integerOf(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null || value === "") return undefined;
  if (!/^[+-]?\d+$/.test(value)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
  return Number(value);
}

/** The query of a proxied request: as the caller wrote it; "" or "?…". */
export function searchOf({ query, rawQuery = query.toString() }: Pick<RequestContext, "query" | "rawQuery">): string {
  return rawQuery === "" ? "" : `?${rawQuery}`;
}
