import type { Schema } from "../../schema/schema.ts";

/** A path that leads nowhere in its schema; `message` is upstream's. */
export class FieldPathError extends Error {
  readonly code = "FIELD_PATH";
  constructor(message: string) {
    super(message);
    this.name = "FieldPathError";
  }
}

export interface FieldPath {
  /** "spec.map[key]", as findings name it; without a leading dot. */
  readonly path: string;
  /** The first name. */
  readonly root: string;
  readonly schema: Schema | undefined;
}

/**
 * Reads a path of fields and map keys (`.spec.a['b']`) that is valid for the schema, as upstream's ValidFieldPath does.
 * @throws FieldPathError
 */
export function readFieldPath(text: string, schema: Schema, options: { readonly arrayNotation: boolean }): FieldPath {
  const tokens = tokensOf(text);
  let at: Schema | undefined = schema;
  let path = "";
  let root = "";
  for (let i = 0; i < tokens.length; ) {
    const token = tokens[i++] as string;
    const isBracket = token === "[";
    if (isBracket && !options.arrayNotation) throw new FieldPathError("array notation is not allowed");
    if (!isBracket && token !== ".") throw new FieldPathError(`expected [ or . but got: ${token}`);
    const given = tokens[i++];
    if (given === undefined) throw new FieldPathError("unexpected end of JSON path");
    const name = isBracket ? unquote(given) : given;
    if (at?.properties !== undefined) {
      if (!Object.hasOwn(at.properties, name)) throw new FieldPathError("does not refer to a valid field");
      at = at.properties[name];
      path += path === "" ? name : `.${name}`;
    } else if (at?.additionalProperties !== undefined) {
      at = typeof at.additionalProperties === "object" ? at.additionalProperties : undefined;
      path += `[${name}]`;
    } else throw new FieldPathError("does not refer to a valid field");
    if (root === "") root = name;
    if (!isBracket) continue;
    const end = tokens[i++];
    if (end === undefined) throw new FieldPathError("unexpected end of JSON path");
    if (end !== "]") throw new FieldPathError(`expected ] but got ${end}`);
  }
  return { path, root, schema: at };
}

/** Delimiters, quoted strings and what is between. */
function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  for (let at = 0; at < text.length; ) {
    let end = at + 1;
    if (text[at] === "'") {
      while (end < text.length && (text[end] !== "'" || text[end - 1] === "\\")) end++;
      end = Math.min(end + 1, text.length);
    } else if (!".[]".includes(text[at] as string))
      while (end < text.length && !".[]".includes(text[end] as string)) end++;
    tokens.push(text.slice(at, end));
    at = end;
  }
  return tokens;
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "'": "'",
  "\\": "\\",
};

function unquote(token: string): string {
  if (token.length < 2 || !token.startsWith("'") || !token.endsWith("'"))
    throw new FieldPathError(`expected single quoted string but got ${token}`);
  return token.slice(1, -1).replace(/\\(.)/gs, (escape: string, letter: string) => {
    const meant = ESCAPES[letter];
    if (meant === undefined) throw new FieldPathError(`invalid string literal: invalid escape char ${escape}`);
    return meant;
  });
}
