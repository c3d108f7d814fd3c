import { ProtobufCodec } from "./codec.ts";
import table from "./table.json" with { type: "json" };

/** One for the whole process, as the table is: it remembers the messages it has met. Only load-codec.ts imports this file. */
export const builtinCodec = new ProtobufCodec(table);
