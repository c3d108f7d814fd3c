import { Failure, failure } from "../runtime/failure.ts";
import { traversal } from "../runtime/size.ts";
import { OpaqueValue } from "../runtime/values.ts";
import { type Overload, overload, type OverloadOptions } from "./overload.ts";

const S = "kubernetes.Semver";
const VERSION =
  /^(0|[1-9]\d{0,17})\.(0|[1-9]\d{0,17})\.(0|[1-9]\d{0,17})(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?$/;

class SemverValue extends OpaqueValue {
  readonly typeName = S;
  readonly numbers: readonly bigint[];
  readonly pre: readonly string[];
  constructor(numbers: readonly bigint[], pre: readonly string[]) {
    super();
    this.numbers = numbers;
    this.pre = pre;
  }
  /** As semver.org orders versions; build metadata does not count. */
  compare(other: SemverValue): number {
    for (const [i, number] of this.numbers.entries()) {
      const against = other.numbers[i] as bigint;
      if (number !== against) return number < against ? -1 : 1;
    }
    if (this.pre.length === 0 || other.pre.length === 0)
      return Number(this.pre.length === 0) - Number(other.pre.length === 0);
    for (const [i, part] of this.pre.entries()) {
      const against = other.pre[i];
      if (against === undefined) return 1;
      const order = comparePart(part, against);
      if (order !== 0) return order;
    }
    return this.pre.length < other.pre.length ? -1 : 0;
  }
  equals(other: OpaqueValue): boolean {
    return other instanceof SemverValue && this.compare(other) === 0;
  }
}

function comparePart(a: string, b: string): number {
  const [x, y] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (x !== y) return x ? -1 : 1;
  if (x) return BigInt(a) < BigInt(b) ? -1 : BigInt(a) > BigInt(b) ? 1 : 0;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** `normalize` takes a leading v, missing parts and leading zeros. */
function parse(text: string, normalize = false): SemverValue | Failure {
  const match = VERSION.exec(normalize ? normalized(text) : text);
  const pre = match?.[4]?.split(".") ?? [];
  if (match === null || text.length > 1000 || pre.some((part) => part === "" || /^0\d+$/.test(part)))
    return failure(`Semver ${JSON.stringify(text)} parse error during conversion from string`);
  return new SemverValue(
    match.slice(1, 4).map((part) => BigInt(part as string)),
    pre,
  );
}

function normalized(text: string): string {
  const match = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?([-+].*)?$/.exec(text);
  if (match === null) return text;
  const numbers = match.slice(1, 4).map((part: string | undefined) => (part ?? "0").replace(/^0+(?=\d)/, ""));
  return `${numbers.join(".")}${match[4] ?? ""}`;
}

const parsing: OverloadOptions = {
  cost: ([text]) => traversal(text),
  estimate: ([text]) => ({ cost: Math.ceil((text?.size ?? 0) * 0.1) }),
};

/** Kubernetes' semantic versions. */
export function semvers(): readonly Overload[] {
  const valid = (text: string, normalize?: boolean): boolean => !(parse(text, normalize) instanceof Failure);
  return [
    overload(`semver(string): ${S}`, (text: string) => parse(text), parsing),
    overload(`semver(string, bool): ${S}`, parse, parsing),
    overload("isSemver(string): bool", (text: string) => valid(text), parsing),
    overload("isSemver(string, bool): bool", valid, parsing),
    overload(`${S}.isGreaterThan(${S}): bool`, (a: SemverValue, b: SemverValue) => a.compare(b) > 0),
    overload(`${S}.isLessThan(${S}): bool`, (a: SemverValue, b: SemverValue) => a.compare(b) < 0),
    overload(`${S}.compareTo(${S}): int`, (a: SemverValue, b: SemverValue) => BigInt(a.compare(b))),
    overload(`${S}.major(): int`, (version: SemverValue) => version.numbers[0]),
    overload(`${S}.minor(): int`, (version: SemverValue) => version.numbers[1]),
    overload(`${S}.patch(): int`, (version: SemverValue) => version.numbers[2]),
  ];
}
