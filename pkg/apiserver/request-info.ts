import { badRequest } from "#pkg/errors/index.ts";
import type { RequestInfo } from "./types.ts";

const VERBS: Readonly<Record<string, string>> = {
  POST: "create",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};

/** Subresources of namespaces; anything else under /namespaces/NAME/ is a resource in that namespace. */
const NAMESPACE_SUBRESOURCES = new Set(["status", "finalize"]);

/**
 * What a request is about, from method, path and query alone (upstream's RequestInfo):
 * /api/v1/[namespaces/NS/]RESOURCE[/NAME[/SUBRESOURCE[/REST]]] and /apis/GROUP/VERSION/… alike.
 * @throws 400 when a segment is not valid percent-encoding
 */
export function requestInfoOf(method: string, path: string, query: URLSearchParams): RequestInfo {
  const segments = splitPath(path);
  const info = {
    isResource: false,
    path,
    group: "",
    version: "",
    namespace: "",
    resource: "",
    subresource: "",
    name: "",
    rest: "",
  };
  const nonResource = (): RequestInfo => ({ ...info, verb: method.toLowerCase() });
  let at: number;
  if (segments[0] === "api") {
    if (segments.length < 3) return nonResource();
    info.version = segments[1] as string;
    at = 2;
  } else if (segments[0] === "apis") {
    if (segments.length < 4) return nonResource();
    info.group = segments[1] as string;
    info.version = segments[2] as string;
    at = 3;
  } else return nonResource();

  let watching = false;
  if (segments[at] === "watch" && segments.length > at + 1) {
    watching = true;
    at++;
  }
  if (segments[at] === "namespaces" && segments.length > at + 1) {
    info.namespace = segments[at + 1] as string;
    if (segments.length > at + 2 && !NAMESPACE_SUBRESOURCES.has(segments[at + 2] as string)) at += 2;
  }
  info.resource = segments[at] as string;
  info.name = segments[at + 1] ?? "";
  info.subresource = segments[at + 2] ?? "";
  if (segments.length > at + 3)
    info.rest = path
      .split("/")
      .slice(at + 4)
      .join("/");
  info.isResource = true;
  return { ...info, verb: watching ? "watch" : verbOf(method, info.name, query) };
}

function verbOf(method: string, name: string, query: URLSearchParams): string {
  if (method === "GET" || method === "HEAD") {
    if (isTrue(query.get("watch"))) return "watch";
    return name === "" ? "list" : "get";
  }
  const verb = VERBS[method] ?? method.toLowerCase();
  return verb === "delete" && name === "" ? "deletecollection" : verb;
}

/** Go's idea of a true query parameter: present and not "false" or "0". */
export function isTrue(value: string | null): boolean {
  return value !== null && value !== "0" && value.toLowerCase() !== "false";
}

function splitPath(path: string): string[] {
  const segments: string[] = [];
  for (let start = 0; start <= path.length; ) {
    const slash = path.indexOf("/", start);
    const end = slash < 0 ? path.length : slash;
    if (end > start) segments.push(path.slice(start, end));
    start = end + 1;
  }
  if (!path.includes("%")) return segments;
  try {
    return segments.map(decodeURIComponent);
  } catch {
    throw badRequest(`the path ${JSON.stringify(path)} is not validly encoded`);
  }
}
