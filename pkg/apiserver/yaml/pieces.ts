import type { YamlPiece } from "./run-yaml-worker.ts";

/** Characters of JSON that are rendered at once, which takes a tenth of a second; an item that has more is a piece. */
const PIECE = 256 << 10;

/** What lists and Tables have their items in. Names that YAML writes as they are. */
const MEMBERS = ["items", "rows"] as const;

/** An object that ends with a list, in parts: the items as JSON. */
export interface Listing {
  /** Without the list; not empty. */
  readonly head: object;
  readonly member: (typeof MEMBERS)[number];
  readonly items: readonly string[];
}

/** Undefined for an object that does not end with a list of items. */
export function listingOf(value: object): Listing | undefined {
  const last = Object.keys(value).at(-1);
  const member = MEMBERS.find((each) => each === last);
  if (member === undefined) return undefined;
  const { [member]: items, ...head } = value as Record<string, unknown>;
  if (!Array.isArray(items) || items.length === 0 || Object.keys(head).length === 0) return undefined;
  return { head, member, items: items.map((item: unknown) => JSON.stringify(item) ?? "null") };
}

/**
 * The document in pieces, each of which is YAML of its own: items stand where their list's name does, and look the same
 * whatever is before or behind them.
 */
export function* piecesOf({ head, member, items }: Listing): Generator<YamlPiece> {
  yield { json: JSON.stringify(head), end: `${member}:\n` };
  let texts: string[] = [];
  let size = 0;
  for (const [i, text] of items.entries()) {
    texts.push(text);
    size += text.length;
    const isLast = i === items.length - 1;
    if (size < PIECE && !isLast) continue;
    yield { json: `[${texts.join(",")}]`, end: isLast ? undefined : "" };
    texts = [];
    size = 0;
  }
}
