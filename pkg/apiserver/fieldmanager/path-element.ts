/**
 * One step of a field path, as FieldsV1 writes it: "f:NAME" a field, "k:{…}" the item of a list that has these key
 * fields, "v:VALUE" a value of a set, "i:N" an index; "." is the path itself.
 */

/** Fields come before keys, keys before values, values before indexes. */
const RANKS = ".fkvi";

/** Orders the elements of one node: names by letter, keys and values by their own order (numbers as numbers). */
export function compareElements(a: string, b: string): number {
  const kind = a[0];
  if (kind !== b[0]) return RANKS.indexOf(kind as string) - RANKS.indexOf(b[0] as string);
  if (kind === "k" || kind === "v") return compareValues(JSON.parse(a.slice(2)), JSON.parse(b.slice(2)));
  if (kind === "i") return Number(a.slice(2)) - Number(b.slice(2));
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Sorts in place; each key and value is read once, which long lists need. */
export function sortElements(elements: string[]): string[] {
  if (elements.length < 16) return elements.sort(compareElements);
  const values = new Map<string, unknown>();
  for (const each of elements)
    if (each.startsWith("k:") || each.startsWith("v:")) values.set(each, JSON.parse(each.slice(2)));
  return elements.sort((a, b) =>
    a[0] === b[0] && values.has(a) ? compareValues(values.get(a), values.get(b)) : compareElements(a, b),
  );
}

function compareValues(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "object" && typeof b === "object" && a !== null && b !== null) {
    const left = Object.entries(a);
    const right = Object.entries(b);
    for (let i = 0; i < left.length && i < right.length; i++) {
      const [name, value] = left[i] as [string, unknown];
      const [otherName, otherValue] = right[i] as [string, unknown];
      if (name !== otherName) return name < otherName ? -1 : 1;
      const order = compareValues(value, otherValue);
      if (order !== 0) return order;
    }
    return left.length - right.length;
  }
  const [left, right] = [scalarText(a), scalarText(b)];
  return left < right ? -1 : left > right ? 1 : 0;
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
