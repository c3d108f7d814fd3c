import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import { unauthorized } from "#pkg/errors/index.ts";
import type { Http2Request } from "./http2-exchange.ts";

export type RawRequest = IncomingMessage | Http2Request;

/** What the TLS handshake said about the other side, asked once per connection. */
export interface Peer {
  /** DER, verified against the client authority; undefined when none was shown. */
  readonly certificate: Uint8Array | undefined;
}

const NO_PEER: Peer = { certificate: undefined };

export class PeerTable {
  readonly #peers = new WeakMap<object, Peer | "refused">();

  /** @throws 401 when a certificate was shown that the client authority did not sign, or that expired */
  of(request: RawRequest): Peer {
    const socket = socketOf(request);
    if (socket === undefined) return NO_PEER;
    let peer = this.#peers.get(socket);
    if (peer === undefined) this.#peers.set(socket, (peer = read(socket)));
    if (peer === "refused") throw unauthorized();
    return peer;
  }
}

function socketOf(request: RawRequest): TLSSocket | undefined {
  if ("stream" in request) return request.stream.session?.socket as TLSSocket | undefined;
  return request.socket as TLSSocket;
}

function read(socket: TLSSocket): Peer | "refused" {
  const certificate = socket.getPeerX509Certificate?.();
  if (certificate === undefined) return NO_PEER;
  return socket.authorized ? { certificate: certificate.raw } : "refused";
}
