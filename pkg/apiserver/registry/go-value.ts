/** A JSON value as Go's `%+v` prints it: map[a:1 b:[x y]]. */
export function printGoValue(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  if (Array.isArray(value)) return `[${value.map(printGoValue).join(" ")}]`;
  if (typeof value === "string") return value;
  if (typeof value !== "object") return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((key) => `${key}:${printGoValue((value as Record<string, unknown>)[key])}`);
  return `map[${members.join(" ")}]`;
}
