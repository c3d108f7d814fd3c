/**
 * resource.Quantity, exactly: a decimal with a binary ("Mi"), decimal ("m", "k") or exponent ("e3") suffix. Values are
 * held in billionths, the finest the API knows; anything finer rounds away from zero. The canonical form is what the
 * API server stores and shows ("1000m" is "1", "0.5" is "500m", "2048Ki" is "2Mi").
 */
export type QuantityFormat = "DecimalSI" | "BinarySI" | "DecimalExponent";

export interface Quantity {
  /** Billionths of one unit. */
  readonly nano: bigint;
  readonly format: QuantityFormat;
}

/** Text that is no quantity; the message is upstream's. */
export class QuantityError extends Error {
  readonly code = "QUANTITY";
}

const NANO = 1_000_000_000n;
const FORMAT = /^([+-]?)(\d*)(?:\.(\d*))?(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?\d{1,3})?$/;
const DECIMAL = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const BINARY = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const MAX = 9_223_372_036_854_775_807n * NANO;
const ZERO: Quantity = { nano: 0n, format: "DecimalSI" };

const REGEX_MESSAGE = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

/** Throws QuantityError. JSON numbers are quantities too. */
export function parseQuantity(text: string | number): Quantity {
  if (typeof text === "number") return parseQuantity(String(text));
  if (text.length > 64) throw new QuantityError(REGEX_MESSAGE);
  const parts = FORMAT.exec(text);
  const whole = parts?.[2] ?? "";
  const fraction = parts?.[3] ?? "";
  if (parts === null || (whole === "" && fraction === "")) throw new QuantityError(REGEX_MESSAGE);
  const suffix = parts[4] ?? "";
  const digits = BigInt(whole + fraction);
  let nano: bigint;
  let format: QuantityFormat = "DecimalSI";
  const binary = suffix.length === 2 && suffix.endsWith("i") ? BINARY.indexOf(suffix) : -1;
  if (binary > 0) {
    format = "BinarySI";
    nano = scaled(digits * 1024n ** BigInt(binary), 9 - fraction.length);
  } else {
    const isExponent = suffix.length > 1;
    if (isExponent) format = "DecimalExponent";
    const power = isExponent ? Number(suffix.slice(1)) : (DECIMAL.indexOf(suffix) - 3) * 3;
    nano = scaled(digits, power + 9 - fraction.length);
  }
  // Amounts beyond int64 saturate, as upstream's arithmetic does.
  if (nano > MAX) nano = MAX;
  return { nano: parts[1] === "-" ? -nano : nano, format };
}

/** digits × 10^power as an integer, rounded up; `digits` is not negative. */
function scaled(digits: bigint, power: number): bigint {
  if (power >= 0) return digits === 0n ? 0n : digits * 10n ** BigInt(Math.min(power, 400));
  const divisor = 10n ** BigInt(-power);
  return (digits + divisor - 1n) / divisor;
}

/** The canonical text: the largest suffix that keeps the number whole. */
export function formatQuantity(quantity: Quantity): string {
  if (quantity.nano === 0n) return "0";
  const negative = quantity.nano < 0n;
  const nano = negative ? -quantity.nano : quantity.nano;
  const text =
    quantity.format === "BinarySI" && nano >= 1024n * NANO
      ? formatBinary(nano)
      : formatDecimal(nano, quantity.format === "DecimalExponent");
  return negative ? `-${text}` : text;
}

function formatDecimal(nano: bigint, exponent: boolean): string {
  let mantissa = nano;
  let step = 0;
  while (step < DECIMAL.length - 1 && mantissa % 1000n === 0n) {
    mantissa /= 1000n;
    step++;
  }
  if (!exponent) return `${mantissa}${DECIMAL[step]}`;
  return step === 3 ? `${mantissa}` : `${mantissa}e${(step - 3) * 3}`;
}

function formatBinary(nano: bigint): string {
  let mantissa = (nano + NANO - 1n) / NANO;
  let step = 0;
  while (step < BINARY.length - 1 && mantissa % 1024n === 0n) {
    mantissa /= 1024n;
    step++;
  }
  return `${mantissa}${BINARY[step]}`;
}

/** Short texts that are canonical already, most of all: no bigint is made for them. */
const CANONICAL = /^(?:0|[1-9]\d{0,2}(?:[mkMGTPE]|[KMGTPE]i)?)$/;

/** Throws QuantityError. */
export function canonicalQuantity(text: string | number): string {
  if (typeof text === "string" && CANONICAL.test(text)) return text;
  return formatQuantity(parseQuantity(text));
}

export function isQuantity(text: string | number): boolean {
  if (typeof text === "string" && CANONICAL.test(text)) return true;
  try {
    parseQuantity(text);
    return true;
  } catch {
    return false;
  }
}

/** Negative, zero or positive, as sort functions want it. */
export function compareQuantities(a: string | number, b: string | number): number {
  if (a === b) return 0;
  const left = orZero(a).nano;
  const right = orZero(b).nano;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The sum in the format of the first that is not zero. */
export function addQuantities(...texts: readonly (string | number | undefined)[]): string {
  return formatQuantity(texts.map(orZero).reduce(add, ZERO));
}
export function subtractQuantities(a: string | number | undefined, b: string | number | undefined): string {
  const right = orZero(b);
  return formatQuantity(add(orZero(a), { nano: -right.nano, format: right.format }));
}
/** Lists of resources are plain objects: what they inherit under a resource's name, "constructor" say, is no amount. */
const orZero = (text: string | number | undefined): Quantity =>
  typeof text === "string" || typeof text === "number" ? parseQuantity(text) : ZERO;
const add = (a: Quantity, b: Quantity): Quantity => ({
  nano: a.nano + b.nano,
  format: a.nano === 0n ? b.format : a.format,
});

/** Whole units, rounded up (upstream's Value): bytes of memory, counts of devices. */
export const quantityValue = (text: string | number): number => Number(ceil(parseQuantity(text).nano, NANO));
/** Thousandths, rounded up (upstream's MilliValue): CPU. */
export const quantityMilliValue = (text: string | number): number => Number(ceil(parseQuantity(text).nano, 1_000_000n));

const ceil = (nano: bigint, unit: bigint): bigint => {
  const whole = nano / unit;
  return nano > 0n && nano % unit !== 0n ? whole + 1n : whole;
};

export type ResourceList = Readonly<Record<string, string>>;

/** Sums by resource name. */
export function addResources(a: ResourceList | undefined, b: ResourceList | undefined): Record<string, string> {
  const sum: Record<string, string> = { ...a };
  for (const [name, amount] of Object.entries(b ?? {})) sum[name] = addQuantities(sum[name], amount);
  return sum;
}

/** The larger of each. */
export function maxResources(a: ResourceList | undefined, b: ResourceList | undefined): Record<string, string> {
  const most: Record<string, string> = { ...a };
  for (const [name, amount] of Object.entries(b ?? {})) {
    const other = most[name];
    if (other === undefined || compareQuantities(amount, other) > 0) most[name] = amount;
  }
  return most;
}
