import type { HTTPGetAction } from "#pkg/api/types/core-v1.ts";
import type { AnyContainer } from "../types.ts";

/** A port as written: a number, or the name of one of the container's ports. */
export function resolvePort(port: number | string, container: AnyContainer): number {
  const number = Number(port);
  if (Number.isInteger(number) && number > 0 && number < 65_536) return number;
  const named = (container.ports ?? []).find(({ name }) => name === port);
  if (named?.containerPort === undefined) throw new Error(`couldn't find port: ${String(port)}`);
  return named.containerPort;
}

/** The URL of an httpGet action; its host is the pod's address unless it names one. */
export function httpUrl(action: HTTPGetAction, container: AnyContainer, podIP: string): URL {
  const host = action.host === undefined || action.host === "" ? podIP : action.host;
  const scheme = (action.scheme ?? "HTTP").toLowerCase();
  const port = resolvePort(action.port, container);
  const path = action.path ?? "/";
  const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  return new URL(`${scheme}://${authority}${path.startsWith("/") ? path : `/${path}`}`);
}

/** Headers of an httpGet action with the defaults of upstream's prober under them; an empty value takes one away. */
export function httpHeaders(action: HTTPGetAction, userAgent: string): Record<string, string> {
  const headers = new Map<string, [string, string]>([
    ["user-agent", ["User-Agent", userAgent]],
    ["accept", ["Accept", "*/*"]],
    ["connection", ["Connection", "close"]],
  ]);
  for (const { name, value = "" } of action.httpHeaders ?? []) {
    if (value === "" && headers.has(name.toLowerCase())) headers.delete(name.toLowerCase());
    else headers.set(name.toLowerCase(), [name, value]);
  }
  return Object.fromEntries(headers.values());
}
