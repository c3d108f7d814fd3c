import { failure, Failure } from "../runtime/failure.ts";
import { traversal } from "../runtime/size.ts";
import { codePoints } from "../runtime/text.ts";
import {
  duration,
  formatDuration,
  formatTimestamp,
  parseDuration,
  parseTimestamp,
  SECOND,
  timestamp,
  zonedDate,
  floorDiv,
} from "../runtime/time.ts";
import type { Duration, Timestamp } from "../runtime/values.ts";
import { type ListValue, type MapValue, TypeValue, typeOfValue, Uint } from "../runtime/values.ts";
import type { CelValue } from "../types.ts";
import { type Overload, overload, type OverloadOptions } from "./overload.ts";
import { matches } from "./regex.ts";

const INT_MAX = (1n << 63n) - 1n;
const UINT_MAX = (1n << 64n) - 1n;

/** The functions of the language itself. */
export function standard(): readonly Overload[] {
  return [...sizes(), ...strings(), ...conversions(), ...times()];
}

function sizes(): Overload[] {
  const count = (value: ListValue | MapValue): bigint => BigInt(value.size);
  const characters = (text: string): bigint => BigInt(codePoints(text));
  const bytes = (value: Uint8Array): bigint => BigInt(value.length);
  return [
    ["string", characters],
    ["bytes", bytes],
    ["list<A>", count],
    ["map<K, V>", count],
  ].flatMap(([type, call]) => [
    overload(`size(${type as string}): int`, call as Overload["call"]),
    overload(`${type as string}.size(): int`, call as Overload["call"]),
  ]);
}

function strings(): Overload[] {
  const affix: OverloadOptions = {
    cost: ([, part]) => traversal(part),
    estimate: ([, part]) => ({ cost: Math.ceil((part?.size ?? 0) * 0.1) }),
  };
  return [
    overload("string.contains(string): bool", (text: string, part: string) => text.includes(part), {
      cost: ([text, part]) => traversal(text) * traversal(part),
      estimate: ([text, part]) => ({
        cost: Math.ceil((text?.size ?? 0) * 0.1) * Math.ceil((part?.size ?? 0) * 0.1),
      }),
    }),
    overload("string.startsWith(string): bool", (text: string, part: string) => text.startsWith(part), affix),
    overload("string.endsWith(string): bool", (text: string, part: string) => text.endsWith(part), affix),
    ...matches(),
  ];
}

const intOf = (value: bigint): bigint | Failure =>
  value > INT_MAX || value < -INT_MAX - 1n ? failure("integer overflow") : value;
const uintOf = (value: bigint): Uint | Failure =>
  value < 0n || value > UINT_MAX ? failure("unsigned integer overflow") : new Uint(value);
const whole = (value: number, make: (value: bigint) => CelValue | Failure): CelValue | Failure =>
  Number.isFinite(value) ? make(BigInt(Math.trunc(value))) : failure("integer overflow");
const parsed = (text: string, make: (value: bigint) => CelValue | Failure, type: string): CelValue | Failure =>
  /^[+-]?[0-9]{1,40}$/.test(text)
    ? make(BigInt(text.replace(/^\+/, "")))
    : failure(`type conversion error from 'string' to '${type}'`);

function doubleOf(text: string): number | Failure {
  const value = Number(text.replace(/^([+-]?)inf(inity)?$/i, "$1Infinity"));
  const valid = text.trim() === text && text !== "" && (!Number.isNaN(value) || /^nan$/i.test(text));
  return valid ? value : failure("type conversion error from 'string' to 'double'");
}

/** Go's %v of a float64, which CEL's string() gives. */
export function formatDouble(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
  const exponent = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)));
  if (exponent >= -5 && exponent < 21) return String(value);
  return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
}

function textOf(bytes: Uint8Array): string | Failure {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return failure("invalid UTF-8 in bytes, cannot convert to string");
  }
}

function conversions(): Overload[] {
  const bool = (text: string): boolean | Failure => {
    if (/^(1|t|T|TRUE|true|True)$/.test(text)) return true;
    return /^(0|f|F|FALSE|false|False)$/.test(text) ? false : failure("type conversion error from 'string' to 'bool'");
  };
  const same = (value: CelValue): CelValue => value;
  const walked: OverloadOptions = {
    cost: ([value]) => Math.max(1, traversal(value)),
    estimate: ([value]) => ({
      cost: Math.max(1, Math.ceil((value?.size ?? 1) * 0.1)),
      ...(value && { result: value }),
    }),
  };
  return [
    overload("int(int): int", same),
    overload("int(uint): int", (value: Uint) => intOf(value.value)),
    overload("int(double): int", (value: number) => whole(value, intOf)),
    overload("int(string): int", (text: string) => parsed(text, intOf, "int")),
    overload("int(timestamp): int", (value: Timestamp) => floorDiv(value.nanos, SECOND)),
    overload("uint(uint): uint", same),
    overload("uint(int): uint", uintOf),
    overload("uint(double): uint", (value: number) => whole(value, uintOf)),
    overload("uint(string): uint", (text: string) => parsed(text, uintOf, "uint")),
    overload("double(double): double", same),
    overload("double(int): double", Number),
    overload("double(uint): double", (value: Uint) => Number(value.value)),
    overload("double(string): double", doubleOf),
    overload("string(string): string", same),
    overload("string(int): string", String),
    overload("string(uint): string", (value: Uint) => String(value.value)),
    overload("string(double): string", formatDouble),
    overload("string(bool): string", String),
    overload("string(bytes): string", textOf, walked),
    overload("string(timestamp): string", formatTimestamp),
    overload("string(duration): string", formatDuration),
    overload("bytes(bytes): bytes", same),
    overload("bytes(string): bytes", (text: string) => new Uint8Array(Buffer.from(text)), walked),
    overload("bool(bool): bool", same),
    overload("bool(string): bool", bool),
    overload("duration(duration): duration", same),
    overload("duration(string): duration", parseDuration),
    overload("duration(int): duration", (seconds: bigint) => duration(seconds * SECOND)),
    overload("timestamp(timestamp): timestamp", same),
    overload("timestamp(string): timestamp", parseTimestamp),
    overload("timestamp(int): timestamp", (seconds: bigint) => timestamp(seconds * SECOND)),
    overload("dyn(A): dyn", same),
    overload("type(A): type<A>", (value: CelValue) => new TypeValue(typeOfValue(value))),
  ];
}

const dayOfYear = (date: Date): number => {
  const start = new Date(date);
  start.setUTCMonth(0, 1);
  return Math.floor((date.getTime() - start.getTime()) / 86_400_000 + 0.5);
};
const DATE_PARTS: Readonly<Record<string, (date: Date) => number>> = {
  getFullYear: (date) => date.getUTCFullYear(),
  getMonth: (date) => date.getUTCMonth(),
  getDate: (date) => date.getUTCDate(),
  getDayOfMonth: (date) => date.getUTCDate() - 1,
  getDayOfWeek: (date) => date.getUTCDay(),
  getDayOfYear: dayOfYear,
  getHours: (date) => date.getUTCHours(),
  getMinutes: (date) => date.getUTCMinutes(),
  getSeconds: (date) => date.getUTCSeconds(),
  getMilliseconds: (date) => date.getUTCMilliseconds(),
};
const DURATION_PARTS: Readonly<Record<string, (nanos: bigint) => bigint>> = {
  getHours: (nanos) => nanos / (3600n * SECOND),
  getMinutes: (nanos) => nanos / (60n * SECOND),
  getSeconds: (nanos) => nanos / SECOND,
  getMilliseconds: (nanos) => (nanos / 1_000_000n) % 1000n,
};

/** Clocks of other zones take that much longer. */
const ZONE_COST = 200;

function times(): Overload[] {
  const dates = Object.entries(DATE_PARTS).flatMap(([name, part]) => {
    const call = (moment: Timestamp, zone?: string): bigint | Failure => {
      const date = zonedDate(moment, zone);
      return date instanceof Failure ? date : BigInt(part(date));
    };
    return [
      overload(`timestamp.${name}(): int`, (moment) => call(moment)),
      overload(`timestamp.${name}(string): int`, call, { cost: () => ZONE_COST }),
    ];
  });
  const lengths = Object.entries(DURATION_PARTS).map(([name, part]) =>
    overload(`duration.${name}(): int`, (length: Duration) => part(length.nanos)),
  );
  return [...dates, ...lengths];
}
