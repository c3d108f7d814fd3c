import type { UpgradeHandler } from "../types.ts";
import type { Backend } from "./backend.ts";
import { kubeletLocation } from "./kubelet-location.ts";
import { containerOf, nodeNameOf, podOf } from "./pod-container.ts";
import { boolOf } from "./query.ts";
import { SpdyConnection } from "./spdy/connection.ts";
import { translateStreams } from "./stream-translator.ts";
import type { StreamingOptions } from "./types.ts";
import { dialUpgrade, handOnRefusal, proxyUpgrade } from "./upgrade-proxy.ts";
import { acceptWebSocket, offeredProtocols } from "./websocket.ts";

const V5 = "v5.channel.k8s.io";

/**
 * pods/exec and pods/attach. SPDY, and WebSockets up to v4, are the runtime's own protocols and go through as they are;
 * WebSocket v5 ends here and becomes SPDY, as upstream's StreamTranslator does (KEP-4006).
 */
export function createExecHandler(
  { reader }: Pick<StreamingOptions, "reader">,
  backend: Backend,
  verb: "exec" | "attach",
): UpgradeHandler {
  return async ({ info, query, signal }, request, socket, head) => {
    const pod = podOf(reader, info);
    const container = containerOf(pod, query.get("container") ?? "");
    const command = {
      stdin: boolOf(query, "stdin"),
      stdout: boolOf(query, "stdout"),
      stderr: boolOf(query, "stderr"),
      tty: boolOf(query, "tty"),
    };
    const asked = new URLSearchParams();
    if (verb === "exec") for (const word of query.getAll("command")) asked.append("command", word);
    if (command.stdin) asked.set("input", "1");
    if (command.stdout) asked.set("output", "1");
    if (command.stderr) asked.set("error", "1");
    if (command.tty) asked.set("tty", "1");
    const path = `/${verb}/${info.namespace}/${info.name}/${container}?${asked.toString()}`;
    const location = kubeletLocation(reader, nodeNameOf(pod), path);

    if (!offeredProtocols(request).includes(V5)) return proxyUpgrade(backend, location, request, socket, head, signal);
    const answer = await dialUpgrade(backend, location, {
      method: "POST",
      headers: { connection: "Upgrade", upgrade: "SPDY/3.1", "x-stream-protocol-version": "v4.channel.k8s.io" },
      signal,
    });
    if (!answer.upgraded) return handOnRefusal(answer.response, socket);
    const spdy = new SpdyConnection(answer.socket, answer.head);
    try {
      await translateStreams(await acceptWebSocket(request, socket, head, V5), spdy, command);
    } finally {
      spdy.destroy();
    }
  };
}
