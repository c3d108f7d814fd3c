// Deletes what lost its owners; foreground and orphan deletion. Reads all metadata, writes any resource.
export { GarbageCollector } from "./garbage-collector.ts";
