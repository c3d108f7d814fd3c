import type { CompilePattern } from "./value-checks.ts";

/**
 * Regular expressions as Go reads them, in linear time whatever the pattern: patterns come from users. Loaded when first
 * needed, since most clusters never are.
 */
export async function loadPatterns(): Promise<CompilePattern> {
  const { RE2JS } = await import("re2js");
  return (pattern) => RE2JS.compile(pattern);
}
