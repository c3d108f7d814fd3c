import { formatQuantity, isQuantity, parseQuantity, type Quantity } from "#pkg/api/quantity.ts";
import { type Failure, failure } from "../runtime/failure.ts";
import { traversal } from "../runtime/size.ts";
import { OpaqueValue } from "../runtime/values.ts";
import { type Overload, overload, type OverloadOptions } from "./overload.ts";

const NANO = 1_000_000_000n;
const INT_MAX = (1n << 63n) - 1n;

export class QuantityValue extends OpaqueValue {
  readonly typeName = "kubernetes.Quantity";
  readonly quantity: Quantity;
  constructor(quantity: Quantity) {
    super();
    this.quantity = quantity;
  }
  get nano(): bigint {
    return this.quantity.nano;
  }
  equals(other: OpaqueValue): boolean {
    return other instanceof QuantityValue && other.nano === this.nano;
  }
  override toString(): string {
    return formatQuantity(this.quantity);
  }
}

const Q = "kubernetes.Quantity";
const parsing: OverloadOptions = {
  cost: ([text]) => traversal(text),
  estimate: ([text]) => ({ cost: Math.ceil((text?.size ?? 0) * 0.1) }),
};

/** Kubernetes' resource quantities. */
export function quantities(): readonly Overload[] {
  const sum = (a: QuantityValue, nano: bigint): QuantityValue =>
    new QuantityValue({ nano: a.nano + nano, format: a.quantity.format });
  const whole = (q: QuantityValue): boolean =>
    q.nano % NANO === 0n && q.nano / NANO <= INT_MAX && q.nano / NANO >= -INT_MAX - 1n;
  const sign = (nano: bigint): bigint => (nano < 0n ? -1n : nano > 0n ? 1n : 0n);
  return [
    overload(`quantity(string): ${Q}`, parse, parsing),
    overload("isQuantity(string): bool", (text: string) => isQuantity(text), parsing),
    overload(`${Q}.sign(): int`, (q: QuantityValue) => sign(q.nano)),
    overload(`${Q}.isInteger(): bool`, whole),
    overload(`${Q}.asInteger(): int`, (q: QuantityValue) =>
      whole(q) ? q.nano / NANO : failure("cannot convert value to integer"),
    ),
    overload(`${Q}.asApproximateFloat(): double`, (q: QuantityValue) => Number(q.nano) / 1e9),
    overload(`${Q}.isGreaterThan(${Q}): bool`, (a: QuantityValue, b: QuantityValue) => a.nano > b.nano),
    overload(`${Q}.isLessThan(${Q}): bool`, (a: QuantityValue, b: QuantityValue) => a.nano < b.nano),
    overload(`${Q}.compareTo(${Q}): int`, (a: QuantityValue, b: QuantityValue) => sign(a.nano - b.nano)),
    overload(`${Q}.add(${Q}): ${Q}`, (a: QuantityValue, b: QuantityValue) => sum(a, b.nano)),
    overload(`${Q}.add(int): ${Q}`, (a: QuantityValue, b: bigint) => sum(a, b * NANO)),
    overload(`${Q}.sub(${Q}): ${Q}`, (a: QuantityValue, b: QuantityValue) => sum(a, -b.nano)),
    overload(`${Q}.sub(int): ${Q}`, (a: QuantityValue, b: bigint) => sum(a, -b * NANO)),
  ];
}

function parse(text: string): QuantityValue | Failure {
  return isQuantity(text) ? new QuantityValue(parseQuantity(text)) : failure("unable to parse quantity's suffix");
}
