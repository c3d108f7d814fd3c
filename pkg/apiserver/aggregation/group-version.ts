import type { RequestInfo } from "../types.ts";

/** "apps/v1"; core's is "/v1". */
export const keyOfGroupVersion = (group: string, version: string): string => `${group}/${version}`;

const OPENAPI_V3 = "/openapi/v3/";

/** The group version below which a request is, resource or not; undefined for paths of none. */
export function groupVersionOf(info: RequestInfo): string | undefined {
  if (info.isResource) return keyOfGroupVersion(info.group, info.version);
  // Its OpenAPI v3 document is the other server's too.
  const path = info.path.startsWith(OPENAPI_V3) ? info.path.slice(OPENAPI_V3.length - 1) : info.path;
  const [, root, first, second] = path.split("/");
  if (root === "api" && first !== undefined && first !== "") return keyOfGroupVersion("", first);
  if (root !== "apis" || first === undefined || second === undefined || second === "") return undefined;
  return keyOfGroupVersion(first, second);
}

/** "/apis/apps/v1"; "/api/v1" for core. */
export const pathOfGroupVersion = (group: string, version: string): string =>
  group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
