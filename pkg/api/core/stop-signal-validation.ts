import { fieldError } from "#pkg/errors/index.ts";
import type { Errors } from "../field-checks.ts";
import type { PodOS } from "../types/core-v1.ts";

const NAMES =
  "ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX";
const REALTIME = 15;

/** What ends a container has to exist on the system that the pod says it is for (KEP-4960). */
export function checkStopSignal(errors: Errors, path: string, signal: string | undefined, os: PodOS | undefined): void {
  if (signal === undefined) return;
  if (os === undefined)
    errors.push(fieldError.forbidden(path, "may not be set for containers with empty `spec.os.name`"));
  else if (os.name === "linux" || os.name === "windows") {
    const known = os.name === "windows" ? ["SIGKILL", "SIGTERM"] : linuxSignals();
    if (!known.includes(signal)) errors.push(fieldError.notSupported(path, signal, known));
  }
}

function linuxSignals(): string[] {
  const signals = NAMES.split(" ").map((name) => `SIG${name}`);
  for (let i = 1; i <= REALTIME; i++) signals.push(`SIGRTMIN+${i}`);
  for (let i = 1; i < REALTIME; i++) signals.push(`SIGRTMAX-${i}`);
  return signals.sort();
}
