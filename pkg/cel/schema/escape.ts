const SYMBOLS: Readonly<Record<string, string>> = {
  __: "__underscores__",
  ".": "__dot__",
  "-": "__dash__",
  "/": "__slash__",
};
const KEYWORDS = new Set(
  "true false null in as break const continue else for function if import let loop package namespace return var void while".split(
    " ",
  ),
);

/** A property's name as expressions write it; undefined where it has no such name. */
export function escapeProperty(property: string): string | undefined {
  if (KEYWORDS.has(property)) return `__${property}__`;
  const escaped = property.replace(/__|\.|-|\//g, (symbol) => SYMBOLS[symbol] as string);
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(escaped) ? escaped : undefined;
}
