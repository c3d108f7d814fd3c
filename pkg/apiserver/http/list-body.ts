/**
 * `head`, the texts with commas between them, and `tail`, as UTF-8. Each text is written where it belongs: joining
 * them to one string first, and encoding that, takes several times as long.
 */
export function listBody(head: string, texts: readonly string[], tail: string): Uint8Array {
  let size = head.length + tail.length + texts.length;
  for (const text of texts) size += text.length;
  // Enough for ASCII, which nearly all objects are.
  let body = Buffer.allocUnsafeSlow(size);
  let at = 0;
  const write = (text: string): void => {
    // A character takes three bytes at most; counting them is left for when they might not fit.
    const left = body.length - at;
    if (left < text.length * 3 && left < Buffer.byteLength(text)) {
      const larger = Buffer.allocUnsafeSlow(body.length * 2 + text.length * 3);
      body.copy(larger, 0, 0, at);
      body = larger;
    }
    at += body.write(text, at);
  };
  write(head);
  for (const [i, text] of texts.entries()) {
    if (i > 0) write(",");
    write(text);
  }
  write(tail);
  return body.subarray(0, at);
}
