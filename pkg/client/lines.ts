import type { Readable } from "node:stream";

/** The non-empty lines of a stream of UTF-8, read no faster than they are taken. */
export async function* lines(stream: Readable): AsyncGenerator<string> {
  // Parts of a line that has not ended yet; joined once, so that a long line costs its length and not its square.
  let parts: Buffer[] = [];
  for await (const chunk of stream) {
    const bytes = chunk as Buffer;
    let start = 0;
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
      parts.push(bytes.subarray(start, end));
      const line = parts.length === 1 ? (parts[0] as Buffer).toString("utf8") : Buffer.concat(parts).toString("utf8");
      parts = [];
      start = end + 1;
      if (line !== "") yield line;
    }
    if (start < bytes.length) parts.push(bytes.subarray(start));
  }
  if (parts.length > 0) yield Buffer.concat(parts).toString("utf8");
}
