import type { RequestInfo } from "../types.ts";

/** "apps/v1"; core's is "/v1". */
export const keyOfGroupVersion = (group: string, version: string): string => `${group}/${version}`;

/** The group version below which a request is, resource or not; undefined for paths of none. */
export function groupVersionOf(info: RequestInfo): string | undefined {
  if (info.isResource) return keyOfGroupVersion(info.group, info.version);
  const [, root, first, second] = info.path.split("/");
  if (root === "api" && first !== undefined && first !== "") return keyOfGroupVersion("", first);
  if (root !== "apis" || first === undefined || second === undefined || second === "") return undefined;
  return keyOfGroupVersion(first, second);
}

/** "/apis/apps/v1"; "/api/v1" for core. */
export const pathOfGroupVersion = (group: string, version: string): string =>
  group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
