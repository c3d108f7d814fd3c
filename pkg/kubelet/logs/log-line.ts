/** One record of a container log in the CRI format: "2026-01-02T03:04:05.678901234Z stdout F text\n". */
export interface LogLine {
  /** As written, RFC 3339 with nanoseconds. */
  readonly time: string;
  readonly stream: "stdout" | "stderr";
  /** The writer's line goes on in the next record of the stream. */
  readonly partial: boolean;
  /** Without a line end. */
  readonly text: Buffer;
}

const SPACE = 0x20;

/** Reads one record, given without its line end. Undefined for what is none, as after a crash of the writer. */
export function parseLogLine(line: Buffer): LogLine | undefined {
  const afterTime = line.indexOf(SPACE);
  const afterStream = line.indexOf(SPACE, afterTime + 1);
  if (afterTime < 1 || afterStream < 0) return undefined;
  const stream = line.toString("latin1", afterTime + 1, afterStream);
  if (stream !== "stdout" && stream !== "stderr") return undefined;
  let afterTags = line.indexOf(SPACE, afterStream + 1);
  if (afterTags < 0) afterTags = line.length;
  // Tags are separated by colons; only the first has a meaning so far.
  const [tag] = line.toString("latin1", afterStream + 1, afterTags).split(":");
  if (tag !== "F" && tag !== "P") return undefined;
  return {
    time: line.toString("latin1", 0, afterTime),
    stream,
    partial: tag === "P",
    text: line.subarray(afterTags + 1),
  };
}
