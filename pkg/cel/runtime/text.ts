// Strings of CEL are sequences of code points, those of JavaScript of UTF-16 units; most strings have no difference.
const SURROGATE = /[\uD800-\uDFFF]/;

export const isPlain = (text: string): boolean => !SURROGATE.test(text);

/** Length in code points. */
export function codePoints(text: string): number {
  if (isPlain(text)) return text.length;
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** The offset in code points that belongs to a UTF-16 offset. */
export const toCodePoint = (text: string, unit: number): number =>
  unit <= 0 || isPlain(text) ? unit : codePoints(text.slice(0, unit));

/** One string for each code point. */
export const characters = (text: string): string[] => Array.from(text);

/** By code points, as `String.slice` with offsets that are not negative. */
export const sliceCodePoints = (text: string, from: number, to?: number): string =>
  isPlain(text) ? text.slice(from, to) : characters(text).slice(from, to).join("");
