import type { CompilePattern, Pattern } from "./value-checks.ts";

const MAX_KNOWN = 500;

/** pkg/cel, as loaded. */
export type Cel = typeof import("#pkg/cel/index.ts");

/**
 * Regular expressions as Go reads them, in linear time whatever the pattern: patterns come from users. Loaded when first
 * needed, since most clusters never are.
 */
export async function loadPatterns(): Promise<CompilePattern> {
  const { RE2JS } = await import("re2js");
  // Large schemas say the same of hundreds of fields.
  const known = new Map<string, Pattern>();
  return (source) => {
    let pattern = known.get(source);
    if (pattern !== undefined) return pattern;
    pattern = RE2JS.compile(source);
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(source, pattern);
    return pattern;
  };
}

/** CEL, which takes time to load. */
export const loadCel = (): Promise<Cel> => import("#pkg/cel/index.ts");
