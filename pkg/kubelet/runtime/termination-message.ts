import { open } from "node:fs/promises";
import type { ContainerStatus } from "#pkg/cri/index.ts";
import { containerRecord } from "../bookkeeping.ts";

/** Limits of the container API ("terminationMessagePath", "terminationMessagePolicy"). */
const maxMessageBytes = 4096;
const maxLogBytes = 2048;
const maxLogLines = 80;

/** What an exited container left as its last words. */
export async function readTerminationMessage(status: ContainerStatus): Promise<string> {
  const record = containerRecord(status);
  const file = (status.mounts ?? []).find(({ containerPath }) => containerPath === record.terminationMessagePath);
  let message = "";
  if (file?.hostPath !== undefined && record.terminationMessagePath !== "") {
    try {
      message = await tail(file.hostPath, maxMessageBytes);
    } catch (err) {
      // The pod's files may be gone already when an old container is looked at again.
      if ((err as NodeJS.ErrnoException).code === "ENOENT") return "";
      message = `Error on reading termination log ${file.hostPath}: ${(err as Error).message}`;
    }
  }
  const fallsBack = record.terminationMessagePolicy === "FallbackToLogsOnError" && status.exitCode !== 0;
  if (message === "" && fallsBack && status.logPath !== undefined) {
    message = lastLines(await tail(status.logPath, 4 * maxLogBytes).catch(() => ""));
  }
  return message;
}

async function tail(path: string, bytes: number): Promise<string> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const length = Math.min(size, bytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Of lines "TIME STREAM P|F TEXT", the text; P lines continue on the next one. */
function lastLines(log: string): string {
  const texts = log
    .split("\n")
    .map((line) => /^\d\S* (?:stdout|stderr) ([PF])\S* (.*)$/s.exec(line))
    .filter((match) => match !== null)
    .slice(-maxLogLines)
    .map((match) => (match[1] === "P" ? (match[2] ?? "") : `${match[2]}\n`));
  return Buffer.from(texts.join("")).subarray(-maxLogBytes).toString("utf8");
}
