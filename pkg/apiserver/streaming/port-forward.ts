import { createWebSocketStream } from "ws";
import type { UpgradeHandler } from "../types.ts";
import type { Backend } from "./backend.ts";
import { kubeletLocation } from "./kubelet-location.ts";
import { nodeNameOf, podOf } from "./pod-container.ts";
import type { StreamingOptions } from "./types.ts";
import { dialUpgrade, handOnRefusal, joinSockets, proxyUpgrade } from "./upgrade-proxy.ts";
import { acceptWebSocket, offeredProtocols } from "./websocket.ts";

/** SPDY inside the binary messages of a WebSocket: kubectl from 1.31 on (KEP-4006). */
const TUNNEL = "SPDY/3.1+portforward.k8s.io";

/** pods/portforward. SPDY and the older WebSocket channels go through as they are; a tunnel is unwrapped. */
export function createPortForwardHandler(
  { reader }: Pick<StreamingOptions, "reader">,
  backend: Backend,
): UpgradeHandler {
  return async ({ info, query, signal }, request, socket, head) => {
    const pod = podOf(reader, info);
    const ports = new URLSearchParams();
    for (const port of query.getAll("ports")) ports.append("port", port);
    const search = ports.size === 0 ? "" : `?${ports.toString()}`;
    const path = `/portForward/${info.namespace}/${info.name}${search}`;
    const location = kubeletLocation(reader, nodeNameOf(pod), path);

    if (!offeredProtocols(request).includes(TUNNEL))
      return proxyUpgrade(backend, location, request, socket, head, signal);
    const answer = await dialUpgrade(backend, location, {
      method: "POST",
      headers: { connection: "Upgrade", upgrade: "SPDY/3.1", "x-stream-protocol-version": "portforward.k8s.io" },
      signal,
    });
    if (!answer.upgraded) return handOnRefusal(answer.response, socket);
    try {
      const ws = await acceptWebSocket(request, socket, head, TUNNEL);
      await joinSockets(createWebSocketStream(ws), Buffer.alloc(0), answer.socket, answer.head);
    } finally {
      answer.socket.destroy();
    }
  };
}
