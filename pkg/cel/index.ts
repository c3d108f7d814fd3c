// The Common Expression Language as Kubernetes v1.36 uses it: types from schemas, checking with upstream's messages,
// bounded evaluation, cost estimates. It reads and writes nothing; callers bring the values.
export * from "./types.ts";
