import type { CompilePattern } from "./value-checks.ts";

/** pkg/cel, as loaded. */
export type Cel = typeof import("#pkg/cel/index.ts");

/**
 * Regular expressions as Go reads them, in linear time whatever the pattern: patterns come from users. Loaded when first
 * needed, since most clusters never are.
 */
export async function loadPatterns(): Promise<CompilePattern> {
  const { RE2JS } = await import("re2js");
  return (pattern) => RE2JS.compile(pattern);
}

/** CEL with its regular expressions. */
export async function loadCel(): Promise<Cel> {
  const cel = await import("#pkg/cel/index.ts");
  await cel.loadRegex();
  return cel;
}
