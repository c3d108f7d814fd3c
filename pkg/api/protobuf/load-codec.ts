import type { ProtobufCodec } from "./codec.ts";

/** The codec of the built-in kinds. Its table of messages comes into memory with the first call: many clusters need none. */
export async function loadProtobufCodec(): Promise<ProtobufCodec> {
  const { builtinCodec } = await import("./builtin-codec.ts");
  return builtinCodec;
}
