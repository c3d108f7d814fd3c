// APIService aggregation: an object for every group version served here, and a proxy to those served elsewhere.
// Reads APIServices, Services and EndpointSlices from the cache; writes APIServices and their status.
export { Aggregator } from "./aggregator.ts";
export type { AggregationOptions } from "./types.ts";
