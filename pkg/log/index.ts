// Structured logs, one JSON or text line per event. Secrets are never passed to a logger.
export { createLogger, type Logger, type LogLevel } from "./logger.ts";
