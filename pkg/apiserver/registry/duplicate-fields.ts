/** JSON.parse keeps the last of several members with one name and says nothing; strict decoding must name them. */

/**
 * False when the text cannot hold duplicates: every member needs a `":`, so a text with no more of them than members
 * were found has none. `members` is what parsing left.
 */
export function mayHoldDuplicates(text: string, members: number): boolean {
  let seen = 0;
  for (let at = text.indexOf('":'); at >= 0; at = text.indexOf('":', at + 2)) if (!isEscaped(text, at)) seen++;
  return seen !== members || /"\s+:/.test(text);
}

/** Texts within texts, as ConfigMaps hold them, are full of quotes. */
function isEscaped(text: string, at: number): boolean {
  let from = at;
  while (text[from - 1] === "\\") from--;
  return (at - from) % 2 === 1;
}

/** Members of all objects in a parsed value. */
export function countMembers(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) for (const item of value) count += countMembers(item);
  else for (const key in value) count += 1 + countMembers((value as Record<string, unknown>)[key]);
  return count;
}

/** Paths of members given more than once, "spec.a", each named once. The text is valid JSON. */
export function findDuplicates(text: string): string[] {
  const found = new Set<string>();
  const stack: { keys: Set<string> | undefined; label: string | number }[] = [];
  let at = 0;
  let key: string | undefined;
  const path = (last: string): string => {
    let out = "";
    for (const { label } of stack.slice(1))
      out += typeof label === "number" ? `[${label}]` : out === "" ? label : `.${label}`;
    return out === "" ? last : `${out}.${last}`;
  };
  const labelOfChild = (): string | number => {
    const top = stack.at(-1);
    if (top === undefined) return "";
    return top.keys === undefined ? index() : (key ?? "");
  };
  const indexes: number[] = [];
  const index = (): number => indexes.at(-1) ?? 0;
  while (at < text.length) {
    const c = text[at];
    if (c === '"') {
      const end = endOfString(text, at);
      const top = stack.at(-1);
      let after = end;
      while (/\s/.test(text[after] ?? "")) after++;
      if (top?.keys !== undefined && text[after] === ":") {
        key = JSON.parse(text.slice(at, end)) as string;
        if (top.keys.has(key)) found.add(path(key));
        top.keys.add(key);
        at = after + 1;
      } else at = end;
      continue;
    }
    if (c === "{" || c === "[") {
      stack.push({ keys: c === "{" ? new Set() : undefined, label: labelOfChild() });
      indexes.push(0);
    } else if (c === "}" || c === "]") {
      stack.pop();
      indexes.pop();
    } else if (c === "," && stack.at(-1)?.keys === undefined) indexes[indexes.length - 1] = index() + 1;
    at++;
  }
  return [...found];
}

/** The index after the closing quote of the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}
