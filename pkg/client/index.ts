// How components read and write the cluster: typed calls, informers, work queues, leader election, events.
// Reads and writes only the API server, through the transport that cmd chose.
export { CallTable } from "./call-table.ts";
export { createClient } from "./client.ts";
export type { Pem, ServerAccess } from "./credentials.ts";
export { ConnectionError } from "./connection.ts";
export { deepFreeze } from "./deep-freeze.ts";
export { EventDecoder } from "./event-decoder.ts";
export { EventRecorder } from "./event-recorder.ts";
export { Expectations } from "./expectations.ts";
export { createHttpsTransport, type HttpsTransportOptions } from "./https-transport.ts";
export { loadKubeconfig } from "./kubeconfig.ts";
export { type Informer, type InformerHandler, SharedInformer } from "./informer.ts";
export { InformerFactory } from "./informer-factory.ts";
export { LEASE_TIMING, LeaderElection, type LeaderElectionParts, type LeaseTiming } from "./leader-election.ts";
export { labelMatcher } from "./label-matcher.ts";
export type { IndexFunction, Lister } from "./lister.ts";
export { microTime } from "./micro-time.ts";
export { keyOf, keyOfName, splitKey } from "./object-key.ts";
export { PortOutbox } from "./port-outbox.ts";
export { createPortTransport } from "./port-transport.ts";
export { CONTROLLER_RATE_LIMITS, type RateLimits } from "./rate-limiter.ts";
export { referenceTo } from "./reference.ts";
export { Reflector, type ReflectorSink, type Selection } from "./reflector.ts";
export { resourcePath } from "./resource-path.ts";
export { retryOnConflict } from "./retry-on-conflict.ts";
export type {
  ApiRequest,
  Client,
  ListOptions,
  ObjectList,
  ObjectName,
  PatchType,
  Transport,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from "./types.ts";
export { type Sync, WorkQueue } from "./work-queue.ts";
