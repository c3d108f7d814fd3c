// The API over HTTPS: connections, negotiation, encoding, streams. Reads certificates it is given; writes answers.
export { InFlight } from "./in-flight.ts";
export { Listener, type ListenerOptions, metricsRoute, type TlsFiles } from "./listener.ts";
export { RequestMetrics } from "./request-metrics.ts";
