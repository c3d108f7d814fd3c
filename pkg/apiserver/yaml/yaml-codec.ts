import { internalError } from "#pkg/errors/index.ts";
import { type ParsedYaml, parseYamlText } from "./parse-yaml-text.ts";
import { type Listing, listingOf, piecesOf } from "./pieces.ts";
import { renderYaml } from "./render-yaml.ts";
import type { YamlPiece } from "./run-yaml-worker.ts";
import { YamlThread, type YamlThreadOptions } from "./yaml-thread.ts";

/** What has up to this many characters takes less time here than the way to a thread and back. */
const SMALL = 16 << 10;

/** Parses and renders YAML: what is small at once, what is large in a thread, so that nobody waits for it but who asked. */
export class YamlCodec {
  readonly #thread: YamlThread;

  constructor(options: YamlThreadOptions = {}) {
    this.#thread = new YamlThread(options);
  }

  /** @throws Error with what is wrong with the text, or that it takes more time or memory than there is for it */
  parse(text: string): ParsedYaml | Promise<ParsedYaml> {
    return text.length <= SMALL ? parseYamlText(text) : this.#parseInThread(text);
  }

  /** JSON data as a document. The signal gives up what nobody waits for any more. @throws 500 as `parse` */
  render(value: object, signal: AbortSignal): string | Promise<Uint8Array> {
    const listing = listingOf(value);
    if (listing !== undefined) return this.#render(() => value, listing, signal);
    const json = JSON.stringify(value);
    if (json.length <= SMALL) return renderYaml(value);
    return this.#renderInThread([{ json, end: undefined }], json.length, signal);
  }

  /** As `render`, of a list whose items are JSON already; `head` is the list without them. */
  renderList(head: object, items: readonly string[], signal: AbortSignal): string | Promise<Uint8Array> {
    const value = (): object => ({ ...head, items: items.map((text) => JSON.parse(text) as unknown) });
    return items.length === 0 ? renderYaml(value()) : this.#render(value, { head, member: "items", items }, signal);
  }

  async close(): Promise<void> {
    await this.#thread.close();
  }

  #render(value: () => object, listing: Listing, signal: AbortSignal): string | Promise<Uint8Array> {
    let size = 0;
    for (const text of listing.items) size += text.length;
    return size <= SMALL ? renderYaml(value()) : this.#renderInThread(piecesOf(listing), size, signal);
  }

  async #parseInThread(text: string): Promise<ParsedYaml> {
    const reply = await this.#thread.ask({ text }, text.length);
    if ("json" in reply) return { value: JSON.parse(reply.json) as unknown, duplicates: reply.duplicates };
    throw new Error("error" in reply ? reply.error : "no value");
  }

  /** A large answer is made piece by piece: what others ask for in the meantime comes between them. */
  async #renderInThread(pieces: Iterable<YamlPiece>, size: number, signal: AbortSignal): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let left = size;
    for (const piece of pieces) {
      signal.throwIfAborted();
      chunks.push(await this.#renderPiece(piece, left, signal));
      left -= piece.json.length;
    }
    return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
  }

  async #renderPiece(piece: YamlPiece, left: number, signal: AbortSignal): Promise<Uint8Array> {
    let why: string;
    try {
      const reply = await this.#thread.ask(piece, left, signal);
      if ("bytes" in reply) return reply.bytes;
      why = "error" in reply ? reply.error : "no text";
    } catch (err) {
      if (signal.aborted) throw err;
      why = (err as Error).message;
    }
    throw internalError(`the answer cannot be rendered as YAML: ${why}`);
  }
}
