import { quantityMilliValue, quantityValue } from "#pkg/api/index.ts";

/** Amounts of resources as numbers: thousandths of a CPU, bytes, and counts of extended resources. */
export interface Amounts {
  milliCpu: number;
  memoryBytes: number;
  ephemeralStorageBytes: number;
  /** hugepages-… and extended resources; undefined while there are none. */
  scalars: Map<string, number> | undefined;
}

export const noAmounts = (): Amounts => ({
  milliCpu: 0,
  memoryBytes: 0,
  ephemeralStorageBytes: 0,
  scalars: undefined,
});

type ResourceList = Readonly<Record<string, string>>;

/** Reads quantities; the same few texts come again with every pod, so their numbers are remembered. */
export class QuantityReader {
  readonly #cpu = new Map<string, number>();
  readonly #other = new Map<string, number>();

  amountOf(resource: string, text: string): number {
    const known = resource === "cpu" ? this.#cpu : this.#other;
    let value = known.get(text);
    if (value === undefined) {
      if (known.size > 10_000) known.clear();
      value = resource === "cpu" ? quantityMilliValue(text) : quantityValue(text);
      known.set(text, value);
    }
    return value;
  }

  /** "pods" is not an amount but a limit of the node. */
  read(list: ResourceList | undefined): Amounts {
    const amounts = noAmounts();
    for (const name in list) {
      if (name !== "pods") setAmount(amounts, name, this.amountOf(name, list[name] as string));
    }
    return amounts;
  }
}

export function amount(of: Amounts, resource: string): number {
  switch (resource) {
    case "cpu":
      return of.milliCpu;
    case "memory":
      return of.memoryBytes;
    case "ephemeral-storage":
      return of.ephemeralStorageBytes;
    default:
      return of.scalars?.get(resource) ?? 0;
  }
}

export function setAmount(of: Amounts, resource: string, value: number): void {
  switch (resource) {
    case "cpu":
      of.milliCpu = value;
      break;
    case "memory":
      of.memoryBytes = value;
      break;
    case "ephemeral-storage":
      of.ephemeralStorageBytes = value;
      break;
    default:
      of.scalars ??= new Map();
      of.scalars.set(resource, value);
  }
}

/** Adds `other` `times` (1 or -1) to `to`, in place. */
export function addAmounts(to: Amounts, other: Amounts, times: 1 | -1 = 1): void {
  to.milliCpu += times * other.milliCpu;
  to.memoryBytes += times * other.memoryBytes;
  to.ephemeralStorageBytes += times * other.ephemeralStorageBytes;
  if (other.scalars === undefined) return;
  to.scalars ??= new Map();
  for (const [name, value] of other.scalars) to.scalars.set(name, (to.scalars.get(name) ?? 0) + times * value);
}

/** Raises `to` to at least `other`, in place. */
export function raiseAmounts(to: Amounts, other: Amounts): void {
  to.milliCpu = Math.max(to.milliCpu, other.milliCpu);
  to.memoryBytes = Math.max(to.memoryBytes, other.memoryBytes);
  to.ephemeralStorageBytes = Math.max(to.ephemeralStorageBytes, other.ephemeralStorageBytes);
  for (const [name, value] of other.scalars ?? []) {
    to.scalars ??= new Map();
    to.scalars.set(name, Math.max(to.scalars.get(name) ?? 0, value));
  }
}
