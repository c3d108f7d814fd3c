/**
 * One step of a field path, as FieldsV1 writes it: "f:NAME" a field, "k:{…}" the item of a list that has these key
 * fields, "v:VALUE" a value of a set, "i:N" an index; "." is the path itself.
 */

/** Where an element stands among those of its node: the element itself for "." and for fields, which come before all others. */
export type Order = string | Ranked;

interface Ranked {
  /** Keys come before values, values before indexes. */
  readonly rank: number;
  readonly value: unknown;
}

/** What an element is ordered by: read from it once, which long lists need. */
export function orderOf(element: string): Order {
  switch (element[0]) {
    case "k":
      return { rank: 0, value: Object.entries(JSON.parse(element.slice(2)) as object) };
    case "v":
      return { rank: 1, value: JSON.parse(element.slice(2)) };
    case "i":
      return { rank: 2, value: Number(element.slice(2)) };
    default:
      return element;
  }
}

/** Names by letter, keys and values by their own order (numbers as numbers). */
export function compareOrders(a: Order, b: Order): number {
  if (typeof a === "string") return typeof b === "string" ? compareTexts(a, b) : -1;
  if (typeof b === "string") return 1;
  if (a.rank !== b.rank) return a.rank - b.rank;
  return a.rank === 0 ? compareEntries(a.value as Entries, b.value as Entries) : compareValues(a.value, b.value);
}

/** Up to this many are sorted by insertion: `Array.sort` allocates more than most objects have fields. */
const FEW = 16;

/** Sorts in place. */
export function sortElements(elements: string[]): string[] {
  let orders: Map<string, Order> | undefined;
  for (const each of elements) {
    const order = orderOf(each);
    if (order !== each) (orders ??= new Map()).set(each, order);
  }
  if (orders !== undefined) return elements.sort((a, b) => compareOrders(orders.get(a) ?? a, orders.get(b) ?? b));
  return elements.length > FEW ? elements.sort(compareTexts) : sortFew(elements);
}

function sortFew(texts: string[]): string[] {
  for (let i = 1; i < texts.length; i++) {
    const text = texts[i] as string;
    let at = i;
    for (; at > 0 && (texts[at - 1] as string) > text; at--) texts[at] = texts[at - 1] as string;
    texts[at] = text;
  }
  return texts;
}

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

type Entries = readonly (readonly [name: string, value: unknown])[];

function compareEntries(a: Entries, b: Entries): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const [name, value] = a[i] as Entries[number];
    const [otherName, otherValue] = b[i] as Entries[number];
    if (name !== otherName) return name < otherName ? -1 : 1;
    const order = compareValues(value, otherValue);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareValues(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "object" && typeof b === "object" && a !== null && b !== null)
    return compareEntries(Object.entries(a), Object.entries(b));
  return compareTexts(scalarText(a), scalarText(b));
}

/** An object may have a toString of its own, from a key that should have been a scalar. */
const scalarText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** False for what is no element of FieldsV1. */
export function isElement(text: string): boolean {
  if (text.startsWith("f:")) return true;
  if (text.startsWith("i:")) return /^i:-?\d{1,15}$/.test(text);
  if (!text.startsWith("k:") && !text.startsWith("v:")) return false;
  try {
    const value: unknown = JSON.parse(text.slice(2));
    return text.startsWith("v:") || (typeof value === "object" && value !== null && !Array.isArray(value));
  } catch {
    return false;
  }
}

/** A path as messages print it: `.spec.containers[name="a"].image`. */
export function printPath(path: readonly string[]): string {
  return path.map(printElement).join("");
}

export function printElement(element: string): string {
  const rest = element.slice(2);
  if (element.startsWith("f:")) return `.${rest}`;
  if (element.startsWith("i:")) return `[${rest}]`;
  if (element.startsWith("v:")) return `[=${rest}]`;
  const fields = Object.entries(JSON.parse(rest) as object);
  return `[${fields.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(",")}]`;
}
