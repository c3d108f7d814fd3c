/** Upstream's bounds, in characters: beyond the first, each text is cut to the second. */
const MAX_TOTAL = 4 * 1024;
const MAX_EACH = 256;

/** Warning headers (RFC 7234, 5.5) with code 299, agent "-" and these texts. */
export function warningHeaders(texts: readonly string[]): string[] {
  const total = texts.reduce((sum, text) => sum + text.length, 0);
  const fitting: string[] = [];
  let size = 0;
  for (const text of texts) {
    const each = total > MAX_TOTAL ? text.slice(0, MAX_EACH) : text;
    if (size + each.length > MAX_TOTAL) break;
    size += each.length;
    fitting.push(each);
  }
  return fitting.map((text) => `299 - "${text.replace(/[\\"]/g, "\\$&").replace(/[^\x20-\x7e]/g, "?")}"`);
}
