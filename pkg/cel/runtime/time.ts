import { type Failure, failure } from "./failure.ts";
import { Duration, Timestamp } from "./values.ts";

export const SECOND = 1_000_000_000n;
const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: SECOND,
  m: 60n * SECOND,
  h: 3600n * SECOND,
};
const MAX_INT = (1n << 63n) - 1n;
/** Years 1 to 9999. */
const MIN_TIME = -62_135_596_800n * SECOND;
const MAX_TIME = 253_402_300_799n * SECOND + 999_999_999n;

/** Go's time.ParseDuration: "1h2m3.5s". */
export function parseDuration(text: string): Duration | Failure {
  const match = /^([+-]?)((?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+$/.exec(text.slice(0, 1000));
  if (match === null || text.length > 1000) {
    if (/^[+-]?0$/.test(text)) return new Duration(0n);
    return failure(`time: invalid duration ${JSON.stringify(text)}`);
  }
  let nanos = 0n;
  for (const [, whole, fraction, unit] of text.matchAll(/([0-9]*)(?:\.([0-9]*))?(ns|us|µs|μs|ms|s|m|h)/g)) {
    const scale = UNITS[unit as string] as bigint;
    nanos += BigInt(whole === "" ? 0 : (whole as string)) * scale;
    const digits = (fraction ?? "").slice(0, 18);
    if (digits !== "") nanos += (BigInt(digits) * scale) / 10n ** BigInt(digits.length);
  }
  if (nanos > MAX_INT) return failure(`time: invalid duration ${JSON.stringify(text)}`);
  return new Duration(match[1] === "-" ? -nanos : nanos);
}

/** "5400s", as string(duration) gives it. */
export function formatDuration({ nanos }: Duration): string {
  const sign = nanos < 0n ? "-" : "";
  const abs = nanos < 0n ? -nanos : nanos;
  return `${sign}${abs / SECOND}${fractionOf(abs % SECOND)}s`;
}

const fractionOf = (nanos: bigint): string =>
  nanos === 0n ? "" : `.${nanos.toString().padStart(9, "0").replace(/0+$/, "")}`;

const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,18}))?([Zz]|[+-]\d{2}:\d{2})$/;

export function parseTimestamp(text: string): Timestamp | Failure {
  const match = RFC3339.exec(text);
  const [, year, month, day, hour, minute, second, fraction = "", zone = "Z"] = match ?? [];
  const ms = Date.UTC(0, Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  const date = new Date(ms);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const valid =
    match !== null &&
    date.getUTCDate() === Number(day) &&
    Number(hour) < 24 &&
    Number(minute) < 60 &&
    Number(second) < 60;
  if (!valid)
    return failure(
      `parsing time ${JSON.stringify(text)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(text)}`,
    );
  const [, sign, hours, minutes] = /^([+-])(\d{2}):(\d{2})$/.exec(zone) ?? [];
  const offset = sign === undefined ? 0 : (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
  const millis = date.getTime() - offset * 60_000;
  return timestamp(BigInt(millis) * 1_000_000n + BigInt(fraction.padEnd(9, "0").slice(0, 9)));
}

export const timestamp = (nanos: bigint): Timestamp | Failure =>
  nanos < MIN_TIME || nanos > MAX_TIME ? failure("timestamp overflow") : new Timestamp(nanos);
export const duration = (nanos: bigint): Duration | Failure =>
  nanos > MAX_INT || nanos < -MAX_INT - 1n ? failure("integer overflow") : new Duration(nanos);

export function formatTimestamp({ nanos }: Timestamp): string {
  const seconds = floorDiv(nanos, SECOND);
  const date = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return `${date}${fractionOf(nanos - seconds * SECOND)}Z`;
}

export const floorDiv = (a: bigint, b: bigint): bigint => {
  const quotient = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
};

/** The moment as a clock in the zone ("UTC", "America/New_York", "+02:00") shows it, held in the UTC fields of a Date. */
export function zonedDate({ nanos }: Timestamp, zone = "UTC"): Date | Failure {
  const ms = Number(floorDiv(nanos, 1_000_000n));
  const fixed = /^([+-]?)(\d{1,2}):(\d{2})$/.exec(zone);
  if (fixed !== null) {
    const minutes = Number(fixed[2]) * 60 + Number(fixed[3]);
    return new Date(ms + (fixed[1] === "-" ? -minutes : minutes) * 60_000);
  }
  if (zone === "UTC" || zone === "") return new Date(ms);
  try {
    const parts = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    }).formatToParts(ms);
    const part = (type: string): number => Number(parts.find((p) => p.type === type)?.value);
    const millis = ((ms % 1000) + 1000) % 1000;
    return new Date(
      Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"), millis),
    );
  } catch {
    return failure(`unknown time zone ${zone}`);
  }
}
