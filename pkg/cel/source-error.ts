import { codePoints } from "./runtime/text.ts";

/** One finding of parser or checker at an offset (UTF-16) into the expression. */
export interface SourceError {
  readonly offset: number;
  readonly message: string;
}

/** Findings that stop the parser. */
export class CelSyntaxError extends Error {
  readonly offset: number;
  constructor(offset: number, message: string) {
    super(message);
    this.name = "CelSyntaxError";
    this.offset = offset;
  }
}

/**
 * Findings as cel-go prints them, with the line and a pointer under it:
 *
 *   ERROR: <input>:1:6: undeclared reference to 'foo' (in container '')
 *    | a + foo
 *    | ....^
 */
export function formatErrors(source: string, errors: readonly SourceError[]): string {
  const ordered = [...errors].sort((a, b) => a.offset - b.offset);
  return ordered.map((error) => formatError(source, error)).join("\n");
}

function formatError(source: string, { offset, message }: SourceError): string {
  const before = source.slice(0, offset);
  const line = before.split("\n").length;
  const start = before.lastIndexOf("\n") + 1;
  const end = source.indexOf("\n", start);
  const text = source.slice(start, end < 0 ? undefined : end).replaceAll("\t", " ");
  const column = codePoints(source.slice(start, offset));
  return `ERROR: <input>:${line}:${column + 1}: ${message}\n | ${text}\n | ${".".repeat(column)}^`;
}
