import { badRequest } from "#pkg/errors/index.ts";
import { REQUEST_TIMEOUT_MS } from "./in-flight.ts";

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * How long the caller of `?timeout=` is willing to wait, in ms; undefined where it is as long as the server is. @throws
 * 400 when it is no duration as Go writes them
 */
export function requestTimeoutOf(query: URLSearchParams): number | undefined {
  const text = query.get("timeout") ?? "";
  if (text === "") return undefined;
  const ms = durationMs(text);
  return ms > 0 && ms < REQUEST_TIMEOUT_MS ? ms : undefined;
}

function durationMs(text: string): number {
  const wrong = (why: string): Error => badRequest(`invalid timeout specified in the request URL - time: ${why}`);
  const shown = JSON.stringify(text);
  const sign = text.startsWith("-") ? -1 : 1;
  let rest = text.replace(/^[-+]/, "");
  if (rest === "0") return 0;
  if (rest === "") throw wrong(`invalid duration ${shown}`);
  let total = 0;
  while (rest !== "") {
    const number = /^(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})/.exec(rest)?.[0];
    if (number === undefined) throw wrong(`invalid duration ${shown}`);
    rest = rest.slice(number.length);
    const unit = /^[^\d.]*/.exec(rest)?.[0] ?? "";
    if (unit === "") throw wrong(`missing unit in duration ${shown}`);
    if (!Object.hasOwn(UNIT_MS, unit)) throw wrong(`unknown unit ${JSON.stringify(unit)} in duration ${shown}`);
    total += Number(number) * (UNIT_MS[unit] as number);
    rest = rest.slice(unit.length);
  }
  return sign * total;
}
