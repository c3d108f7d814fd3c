import { isTrue } from "../request-info.ts";
import type { RequestInfo } from "../types.ts";

/** Upstream's: a list takes a seat for each hundred objects, ten at most, and no more than this part of its level. */
const OBJECTS_PER_SEAT = 100;
const MAX_SEATS = 10;
const MAX_PART = 0.15;

/** Objects of a resource ("plural" or "group/plural") in a namespace, or ("") in all. */
export type CountObjects = (resource: string, namespace: string) => number;

/** Whether the width of a request depends on how many objects there are. */
export const isWide = ({ verb, isResource, name }: RequestInfo): boolean =>
  isResource && (verb === "list" || verb === "watch") && name === "";

/** The seats of a list, or of a watch that begins with all objects; `nominal` are those of its level. */
export function seatsOf(info: RequestInfo, query: URLSearchParams, nominal: number, count: CountObjects): number {
  if (info.verb === "watch" && !isTrue(query.get("sendInitialEvents"))) {
    const revision = query.get("resourceVersion") ?? "";
    if (revision !== "" && revision !== "0") return 1;
  }
  if (query.get("fieldSelector")?.startsWith("metadata.name=") === true) return 1;
  let objects = count(info.group === "" ? info.resource : `${info.group}/${info.resource}`, info.namespace);
  const limit = Number(query.get("limit") ?? 0);
  if (limit > 0) objects = Math.min(objects, limit);
  const most = Math.min(MAX_SEATS, Math.ceil(nominal * MAX_PART));
  return Math.max(1, Math.min(Math.ceil(objects / OBJECTS_PER_SEAT), most));
}
