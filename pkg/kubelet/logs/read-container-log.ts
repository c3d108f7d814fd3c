import { watch } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { parseLogLine } from "./log-line.ts";
import { tailOffset } from "./tail-offset.ts";

const CHUNK_BYTES = 65_536;
/** Changes are seen by inotify; where that fails, and to see the container end, the file is looked at this often. */
const POLL_MS = 250;
const NEWLINE = 0x0a;
const LINE_END = Buffer.from("\n");

/** PodLogOptions, checked. */
export interface LogOptions {
  readonly follow: boolean;
  readonly timestamps: boolean;
  readonly tailLines?: number;
  /** Milliseconds since the epoch; older lines are left out. */
  readonly sinceMs?: number;
  /** Bytes of output, after which it ends, within a line if need be. */
  readonly limitBytes?: number;
  readonly stream?: "stdout" | "stderr";
}

/**
 * The output of a container as it was written, from its current log file. With `follow` it goes on, over rotations,
 * until the container does not run any more (and all is read) or the signal aborts.
 */
export async function* readContainerLog(
  path: string,
  options: LogOptions,
  source: { readonly isRunning: () => Promise<boolean>; readonly signal: AbortSignal },
): AsyncGenerator<Buffer> {
  const formatter = new Formatter(options);
  const { signal } = source;
  const changes = options.follow ? new Changes(path, signal) : undefined;
  let file = await openLog(path);
  let reader = new LineReader(file, file === undefined ? 0 : await startOf(file, options));
  try {
    for (;;) {
      // Asked before reading, so that what a container wrote last is not missed.
      const goesOn = changes !== undefined && (await source.isRunning());
      for (let lines = await reader.lines(); lines !== undefined; lines = await reader.lines()) {
        const output = formatter.format(lines);
        if (output.length > 0) yield output;
        if (formatter.isFull || signal.aborted) return;
      }
      const next = changes === undefined ? undefined : await rotated(path, file);
      if (next !== undefined) {
        // The runtime has changed over: what it wrote to the old file until then is complete now.
        for (let lines = await reader.lines(); lines !== undefined; lines = await reader.lines()) {
          const rest = formatter.format(lines);
          if (rest.length > 0) yield rest;
        }
        await file?.close();
        file = next;
        reader = new LineReader(file, 0);
        continue;
      }
      if (!goesOn || formatter.isFull || changes === undefined) return;
      await changes.next();
      if (signal.aborted) return;
    }
  } finally {
    changes?.close();
    await file?.close();
  }
}

async function startOf(file: FileHandle, options: LogOptions): Promise<number> {
  return options.tailLines === undefined ? 0 : await tailOffset(file, options.tailLines);
}

/** Undefined while the file is not there: the container has not written yet, or its log is being rotated. */
async function openLog(path: string): Promise<FileHandle | undefined> {
  return await open(path, "r").catch((err: NodeJS.ErrnoException) => {
    if (err.code === "ENOENT") return undefined;
    throw err;
  });
}

/** The file that has taken the place of the open one. */
async function rotated(path: string, current: FileHandle | undefined): Promise<FileHandle | undefined> {
  const there = await stat(path).catch(() => undefined);
  if (there === undefined || there.ino === (await current?.stat())?.ino) return undefined;
  return await openLog(path);
}

/** Whole lines of a file that may still grow. */
class LineReader {
  readonly #file: FileHandle | undefined;
  readonly #chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  #position: number;
  #rest: Buffer = Buffer.alloc(0);

  constructor(file: FileHandle | undefined, position: number) {
    this.#file = file;
    this.#position = position;
  }

  /** The next lines, without line ends; undefined at the end of what is written so far. */
  async lines(): Promise<readonly Buffer[] | undefined> {
    if (this.#file === undefined) return undefined;
    const { bytesRead } = await this.#file.read(this.#chunk, 0, CHUNK_BYTES, this.#position);
    if (bytesRead === 0) return undefined;
    this.#position += bytesRead;
    const data = Buffer.concat([this.#rest, this.#chunk.subarray(0, bytesRead)]);
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = data.indexOf(NEWLINE); end >= 0; end = data.indexOf(NEWLINE, start)) {
      lines.push(data.subarray(start, end));
      start = end + 1;
    }
    this.#rest = data.subarray(start);
    return lines;
  }
}

/** Turns records into what the caller asked for. */
class Formatter {
  readonly #options: LogOptions;
  #left: number;
  #isNewLine = true;

  constructor(options: LogOptions) {
    this.#options = options;
    this.#left = options.limitBytes ?? Number.POSITIVE_INFINITY;
  }

  get isFull(): boolean {
    return this.#left <= 0;
  }

  format(lines: readonly Buffer[]): Buffer {
    const { sinceMs, stream, timestamps } = this.#options;
    const parts: Buffer[] = [];
    for (const line of lines) {
      const record = parseLogLine(line);
      if (record === undefined || (stream !== undefined && record.stream !== stream)) continue;
      if (sinceMs !== undefined && Date.parse(record.time) < sinceMs) continue;
      if (timestamps && this.#isNewLine) parts.push(Buffer.from(`${record.time} `));
      parts.push(record.text);
      if (!record.partial) parts.push(LINE_END);
      this.#isNewLine = !record.partial;
    }
    const output = Buffer.concat(parts);
    const allowed = output.length > this.#left ? output.subarray(0, this.#left) : output;
    this.#left -= allowed.length;
    return allowed;
  }
}

/** Wakes when something happens in the log's directory, and now and then. */
class Changes {
  readonly #signal: AbortSignal;
  #wake: PromiseWithResolvers<void> = Promise.withResolvers();
  #watcher: ReturnType<typeof watch> | undefined;
  readonly #abort = (): void => this.#wake.resolve();

  constructor(path: string, signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener("abort", this.#abort, { once: true });
    try {
      this.#watcher = watch(dirname(path), () => this.#wake.resolve());
      this.#watcher.on("error", () => this.#watcher?.close());
    } catch {
      // No directory yet, or no inotify watches left: looking now and then is enough.
    }
  }

  async next(): Promise<void> {
    const timer = setTimeout(() => this.#wake.resolve(), POLL_MS);
    await this.#wake.promise;
    clearTimeout(timer);
    if (!this.#signal.aborted) this.#wake = Promise.withResolvers();
  }

  close(): void {
    this.#signal.removeEventListener("abort", this.#abort);
    this.#watcher?.close();
  }
}
