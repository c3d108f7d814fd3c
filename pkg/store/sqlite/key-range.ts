/** The keys `lower <= key < upper` in byte order. A blob as `upper` is past every key: SQLite sorts text before blobs. */
export interface KeyRange {
  readonly lower: string;
  readonly upper: string | Uint8Array;
}

/** Keys with `prefix`, and after the key `after` when given. */
export function keyRange(prefix: string, after?: string): KeyRange {
  const upper = upperBound(prefix);
  if (after === undefined) return { lower: prefix, upper };
  // The next key in byte order: nothing sorts between a key and the key with a NUL behind it.
  const next = `${after}\0`;
  return { lower: compareKeys(next, prefix) > 0 ? next : prefix, upper };
}

/** Byte order, which is not the order of JavaScript's strings past U+FFFF. */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function upperBound(prefix: string): string | Uint8Array {
  const points = Array.from(prefix, (char) => char.codePointAt(0) as number);
  while (points.length > 0) {
    const last = points.pop() as number;
    // UTF-8 sorts as code points do, and has no surrogates.
    if (last < 0x10ffff) return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1);
  }
  return new Uint8Array(0);
}
