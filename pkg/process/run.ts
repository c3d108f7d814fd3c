import { spawn } from "node:child_process";

export interface RunOptions {
  /** Written to standard input. */
  readonly input?: string | Uint8Array;
  readonly signal?: AbortSignal;
  /** SIGKILL after this long; 30 s unless told. */
  readonly timeoutMs?: number;
  readonly env?: NodeJS.ProcessEnv;
}

/** A program ended with something other than 0, or could not be started. The message holds the end of its stderr. */
export class CommandError extends Error {
  readonly code = "COMMAND_FAILED";
  readonly exitCode: number | null;
  readonly stderr: string;
  readonly stdout: string;
  constructor(argv: readonly string[], exitCode: number | null, stdout: string, stderr: string, cause?: unknown) {
    const why = cause instanceof Error ? cause.message : stderr.trim().slice(-500);
    super(`${argv[0]} ${exitCode === null ? "did not run to its end" : `exited with ${exitCode}`}: ${why}`, { cause });
    this.name = "CommandError";
    this.exitCode = exitCode;
    this.stderr = stderr;
    this.stdout = stdout;
  }
}

/** Runs a program without a shell and resolves to its output. @throws {CommandError} */
export async function run(
  argv: readonly [string, ...string[]],
  options: RunOptions = {},
): Promise<{ stdout: string; stderr: string }> {
  const [program, ...args] = argv;
  return await new Promise((resolve, reject) => {
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    const text = (chunks: Buffer[]): string => Buffer.concat(chunks).toString("utf8");
    const child = spawn(program, args, {
      stdio: ["pipe", "pipe", "pipe"],
      killSignal: "SIGKILL",
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      ...(options.env === undefined ? {} : { env: options.env }),
    });
    // Spawn's own timeout goes on, and holds the process, when the program cannot be started.
    const late = setTimeout(() => child.kill("SIGKILL"), options.timeoutMs ?? 30_000);
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.on("error", (cause) => {
      clearTimeout(late);
      reject(options.signal?.aborted === true ? cause : new CommandError(argv, null, text(out), text(err), cause));
    });
    child.on("close", (exitCode) => {
      clearTimeout(late);
      if (exitCode === 0) resolve({ stdout: text(out), stderr: text(err) });
      else reject(new CommandError(argv, exitCode, text(out), text(err)));
    });
    // A program that ends without reading its input closes the pipe; its exit code tells the rest.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
  });
}
