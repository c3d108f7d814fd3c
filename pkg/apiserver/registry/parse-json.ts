/** An escape; a pair of surrogates is one, and of the others the halves of pairs begin with \ud. */
const ESCAPE = /\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|u[\da-fA-F]{4}|[^])/g;
const HALF = /^\\u[dD][89a-fA-F]..$/;

/** JSON as Go reads it: half a surrogate pair, which is no text, becomes U+FFFD. @throws SyntaxError */
export function parseJson(text: string): unknown {
  const mayHoldHalves = text.includes("\\ud") || text.includes("\\uD");
  return JSON.parse(mayHoldHalves ? text.replace(ESCAPE, (escape) => (HALF.test(escape) ? "\\ufffd" : escape)) : text);
}
