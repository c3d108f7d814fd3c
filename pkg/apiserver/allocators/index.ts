// Gives Services cluster IPs and node ports as part of the write that stores them.
// Reads existing Services from the server's cache once; writes nothing of its own.
export { AddressRange } from "./address-range.ts";
export { ServiceAllocator, type ServiceAllocatorOptions } from "./service-allocator.ts";
