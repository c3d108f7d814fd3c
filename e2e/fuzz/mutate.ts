import type { Random } from "./random.ts";

type Json = unknown;
type Container = Record<string, Json> | Json[];

/** Raw JSON texts that no JavaScript value stringifies to are put in afterwards, in place of these strings. */
const RAW: Readonly<Record<string, string>> = {
  "@huge-int@": "9223372036854775808",
  "@int-2^53+1@": "9007199254740993",
  "@min-int64@": "-9223372036854775808",
  "@exponent@": "1e400",
  "@negative-zero@": "-0",
  "@float-int@": "3.0",
};

const VALUES: readonly Json[] = [
  null,
  true,
  false,
  0,
  -1,
  1,
  1.5,
  2147483647,
  2147483648,
  -2147483649,
  1e21,
  "",
  " ",
  "a",
  "A_B",
  "x".repeat(254),
  "x".repeat(70_000),
  "../../etc/passwd",
  "%2e%2e%2f",
  "a/b",
  "a\u0000b",
  "\ud800",
  "𝕏é\u202e",
  "1Ki",
  "1e100",
  "-5m",
  "99999999999999999999",
  "2026-13-45T99:99:99Z",
  "0001-01-01T00:00:00Z",
  "::1",
  "256.0.0.1",
  "10.0.0.0/33",
  "(((((a+)+)+)+)+)$",
  "{{.}}",
  "${x}",
  "*",
  "Always",
  [],
  {},
  [[]],
  [null],
  { a: null },
  ...Object.keys(RAW),
];
const KEYS = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "",
  "$patch",
  "$retainKeys",
  "a/b",
  "k".repeat(5_000),
];

/** Changes a copy of `value` in one to four places. */
export function mutate(random: Random, value: Json): Json {
  const copy = structuredClone(value);
  for (let left = 1 + random.below(4); left > 0; left--) mutateOnce(random, copy);
  return copy;
}

function mutateOnce(random: Random, root: Json): void {
  const places: { readonly at: Container; readonly key: string | number }[] = [];
  collect(root, places);
  if (places.length === 0) return;
  const { at, key } = random.pick(places);
  const holder = at as Record<string | number, Json>;
  switch (random.below(9)) {
    case 0:
      if (Array.isArray(at)) at.splice(Number(key), 1);
      else delete holder[key];
      return;
    case 1:
    case 2:
    case 3:
      set(holder, key, pickValue(random));
      return;
    case 4: {
      // Another part of the same object, of the wrong type more often than not.
      const other = random.pick(places);
      set(holder, key, structuredClone((other.at as Record<string | number, Json>)[other.key]));
      return;
    }
    case 5: {
      const target = holder[key];
      const name = random.pick(KEYS);
      if (typeof target === "object" && target !== null && !Array.isArray(target))
        set(target as Record<string, Json>, name, pickValue(random));
      else set(holder, key, { [name]: pickValue(random) });
      return;
    }
    case 6:
      if (Array.isArray(at)) for (let i = 1 + random.below(4); i > 0; i--) at.push(structuredClone(at[Number(key)]));
      else set(holder, key, [holder[key], holder[key]]);
      return;
    case 7:
      set(holder, key, nested(random, 1 + random.below(300)));
      return;
    default:
      if (typeof holder[key] === "number") set(holder, key, (holder[key] as number) * -1);
      else if (typeof holder[key] === "string") set(holder, key, scramble(random, holder[key] as string));
      else set(holder, key, pickValue(random));
  }
}

function collect(value: Json, places: { at: Container; key: string | number }[]): void {
  if (typeof value !== "object" || value === null || places.length > 2_000) return;
  if (Array.isArray(value))
    value.forEach((item, i) => {
      places.push({ at: value, key: i });
      collect(item, places);
    });
  else
    for (const key of Object.keys(value)) {
      places.push({ at: value as Record<string, Json>, key });
      collect((value as Record<string, Json>)[key], places);
    }
}

function nested(random: Random, depth: number): Json {
  let value: Json = pickValue(random);
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

export function scramble(random: Random, text: string): string {
  const at = random.below(text.length + 1);
  return (
    text.slice(0, at) + random.pick(["\n", "é", "A", "-", ".", "0", '"', "\\", "\t"]) + text.slice(at + random.below(2))
  );
}

const pickValue = (random: Random): Json => structuredClone(random.pick(VALUES));

/** As an own member whatever its name. */
function set(holder: Record<string | number, Json>, key: string | number, value: Json): void {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}

/** The JSON text, with the numbers that only a text can hold and now and then a member given twice. */
export function toText(random: Random, value: Json): string {
  let text = JSON.stringify(value);
  for (const [mark, raw] of Object.entries(RAW)) text = text.replaceAll(JSON.stringify(mark), raw);
  if (random.chance(0.05)) text = text.replace(/"(\w+)":/, '"$1":null,"$1":');
  return text;
}

/** Flips, drops and doubles bytes. */
export function mutateBytes(random: Random, bytes: Uint8Array): Buffer {
  let out = Buffer.from(bytes);
  for (let left = 1 + random.below(6); left > 0 && out.length > 0; left--) {
    const at = random.below(out.length);
    switch (random.below(4)) {
      case 0:
        out[at] = random.below(256);
        break;
      case 1:
        out = Buffer.concat([out.subarray(0, at), out.subarray(at + 1 + random.below(8))]);
        break;
      case 2:
        out = Buffer.concat([out.subarray(0, at), out.subarray(Math.max(0, at - 16))]);
        break;
      default:
        out = Buffer.concat([
          out.subarray(0, at),
          Buffer.from([0xff, 0xfe, 0x80, random.below(256)]),
          out.subarray(at),
        ]);
    }
  }
  return out;
}

/** Ten levels of ten aliases each. */
export const ALIAS_BOMB = Array.from({ length: 10 }, (_, level) => {
  const items = Array(10).fill(level === 0 ? "x" : `*l${level - 1}`);
  return `l${level}: &l${level} [${items.join(",")}]\n`;
}).join("");
