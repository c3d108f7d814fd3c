/**
 * Protobuf form of the built-in kinds, as kubectl and client-go send and ask for it. The table of messages is generated
 * (table.json) and large: it is loaded with `loadProtobufCodec`, when the first caller wants protobuf.
 */
export { ProtobufCodec, type ProtobufObject } from "./codec.ts";
export { loadProtobufCodec } from "./load-codec.ts";
export type { ProtobufTable } from "./message-table.ts";
