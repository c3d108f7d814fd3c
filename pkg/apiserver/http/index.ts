// The API over HTTPS: connections, negotiation, encoding, streams. Reads certificates it is given; writes answers.
export { InFlight } from "./in-flight.ts";
export { type ListenOptions, listenHttps, type RunningListener } from "./listen-https.ts";
export { metricsRoute, type TlsFiles } from "./listener.ts";
export { RequestMetrics } from "./request-metrics.ts";
