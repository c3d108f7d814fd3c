import * as https from "node:https";
import { createSecureContext } from "node:tls";
import { trustedRoots } from "../trusted-roots.ts";

/** Upstream caches as many clients. */
const MAX_AGENTS = 32;
const MAX_IDLE_SOCKETS = 16;
/** Go's http.DefaultTransport drops idle connections after this time. */
const IDLE_MS = 90_000;

/** Keep-alive connections by authority: an agent of Node's already tells hosts, ports and names apart. */
export class Connections {
  readonly #agents = new Map<string, https.Agent>();

  /** `caBundle` is base64 PEM; "" stands for the system's roots. @throws when it holds no certificate */
  agent(caBundle: string): https.Agent {
    const known = this.#agents.get(caBundle);
    if (known !== undefined) {
      // Last used goes last, the first is dropped.
      this.#agents.delete(caBundle);
      this.#agents.set(caBundle, known);
      return known;
    }
    const agent = new https.Agent({
      keepAlive: true,
      maxFreeSockets: MAX_IDLE_SOCKETS,
      timeout: IDLE_MS,
      secureContext: createSecureContext({ ca: trustedRoots(caBundle) }),
    });
    this.#agents.set(caBundle, agent);
    const [oldest] = this.#agents.keys();
    if (this.#agents.size > MAX_AGENTS && oldest !== undefined) {
      closeIdle(this.#agents.get(oldest));
      this.#agents.delete(oldest);
    }
    return agent;
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }
}

/** What is being asked over the others goes on; idle, they end by themselves. */
function closeIdle(agent: https.Agent | undefined): void {
  for (const sockets of Object.values(agent?.freeSockets ?? {})) for (const socket of sockets ?? []) socket.destroy();
}
