// The minik program: its subcommands, each loaded when it is asked for. Threads start in threads/entry/.
import { createLogger } from "#pkg/log/index.ts";
import { runProgram } from "./program.ts";

/** A bug, in whatever thread: one line, and the process is over. */
function crash(err: unknown): void {
  createLogger().error("minik ended by an error", { err });
  process.exit(1);
}

process.on("uncaughtException", crash).on("unhandledRejection", crash);
void runProgram(process.argv).then((code) => {
  // What is still open (a thread in a system call) must not keep the process; standard output may be a pipe.
  process.stdout.write("", () => process.exit(code));
});
