// The minik program: its subcommands, each loaded when it is asked for. Threads start in threads/entry/.
import { runProgram } from "./program.ts";

void runProgram(process.argv).then((code) => {
  process.exitCode = code;
});
