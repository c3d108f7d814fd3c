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
  const root = segments[0];
  let at = root === "api" ? 2 : root === "apis" ? 3 : 0;
  // /api, /apis and what lies below them up to a version are documents.
  if (at === 0 || segments.length <= at) return nonResource(method, path);
  const group = at === 3 ? (segments[1] as string) : "";
  const version = segments[at - 1] as string;
  let watching = false;
  if (segments[at] === "watch" && segments.length > at + 1) {
    watching = true;
    at++;
  }
  let namespace = "";
  if (segments[at] === "namespaces" && segments.length > at + 1) {
    namespace = segments[at + 1] as string;
    if (segments.length > at + 2 && !NAMESPACE_SUBRESOURCES.has(segments[at + 2] as string)) at += 2;
  }
  // Only below a subresource, in the path of a proxy, an empty segment means something.
  if (path.includes("//") && path.split("/", at + 4).indexOf("", 1) >= 0) return nonResource(method, path);
  const name = segments[at + 1] ?? "";
  return {
    isResource: true,
    verb: watching ? "watch" : verbOf(method, name, query),
    path,
    group,
    version,
    namespace,
    resource: segments[at] as string,
    subresource: segments[at + 2] ?? "",
    name,
    rest:
      segments.length > at + 3
        ? path
            .split("/")
            .slice(at + 4)
            .join("/")
        : "",
  };
}

function nonResource(method: string, path: string): RequestInfo {
  return {
    isResource: false,
    verb: method.toLowerCase(),
    path,
    group: "",
    version: "",
    namespace: "",
    resource: "",
    subresource: "",
    name: "",
    rest: "",
  };
}

function verbOf(method: string, name: string, query: URLSearchParams): string {
  if (method === "GET" || method === "HEAD") {
    // One object is watched below /watch/ or by field selector: a GET of it is a get whatever else it asks for.
    if (name !== "") return "get";
    return query.size > 0 && isTrue(query.get("watch")) ? "watch" : "list";
  }
  const verb = VERBS[method] ?? method.toLowerCase();
  return verb === "delete" && name === "" ? "deletecollection" : verb;
}

const SELECTS_NAME = /(?:^|,)metadata\.name==?([^,=!\\/%]+)(?:,|$)/;

/**
 * What the request is authorized as: a list or watch of one name by field selector counts as naming
 * it, so that a rule with resourceNames may allow it.
 */
export function authorizedInfo(info: RequestInfo, query: URLSearchParams): RequestInfo {
  if (query.size === 0 || info.name !== "" || !info.isResource) return info;
  if (info.verb !== "list" && info.verb !== "watch") return info;
  const name = SELECTS_NAME.exec(query.get("fieldSelector") ?? "")?.[1];
  return name === undefined ? info : { ...info, name };
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
