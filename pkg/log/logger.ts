import { type Logger as PinoLogger, pino } from "pino";

export type LogLevel = "debug" | "info" | "warn" | "error";

type Fields = Readonly<Record<string, unknown>>;

/** Event first, fields second: `log.info("node registered", { node: "a" })`. Errors go under `err`. */
export interface Logger {
  debug(event: string, fields?: Fields): void;
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
  /** A logger whose lines carry these fields, usually `{ component: "scheduler" }`. */
  child(fields: Fields): Logger;
}

/** A logger that writes JSON lines to `fd` (standard error unless told). "silent" is for tests. */
export function createLogger(level: LogLevel | "silent" = "info", fd = 2): Logger {
  const base = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ dest: fd, sync: true }),
  );
  return wrap(base);
}

function wrap(target: PinoLogger): Logger {
  return {
    debug: (event, fields) => target.debug(fields ?? {}, event),
    info: (event, fields) => target.info(fields ?? {}, event),
    warn: (event, fields) => target.warn(fields ?? {}, event),
    error: (event, fields) => target.error(fields ?? {}, event),
    child: (fields) => wrap(target.child(fields)),
  };
}
