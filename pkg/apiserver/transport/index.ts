// Callers in the same process: in the server's own thread, and in others through message ports.
// Reads and writes the API, by the pipeline that answers everybody.
export { createInProcessTransport } from "./in-process.ts";
export { servePort } from "./port-server.ts";
