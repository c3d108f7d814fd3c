// HTTP/2 as the bench needs it, and as cheap for the measuring side as it gets: the machine's cores are few, and what the
// generator burns the server under test does not get. Reads and writes one TLS socket for each connection.
export { Connection, type ConnectionOptions } from "./connection.ts";
export { encodeHeaders, type HeaderFields } from "./hpack.ts";
export { Stream } from "./stream.ts";
