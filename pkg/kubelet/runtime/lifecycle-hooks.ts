import type { LifecycleHandler, Pod } from "#pkg/api/types/core-v1.ts";
import { sleep } from "#pkg/async/index.ts";
import type { CriClient } from "#pkg/cri/index.ts";
import { httpHeaders, httpUrl } from "../probes/handler-target.ts";
import { httpGet } from "../probes/http-get.ts";
import type { AnyContainer } from "../types.ts";

/** Runs postStart and preStop handlers: exec, httpGet or sleep. */
export class LifecycleHooks {
  readonly #cri: CriClient;

  constructor(parts: { readonly cri: CriClient }) {
    this.#cri = parts.cri;
  }

  /** Rejects when the handler fails or does not end in time. */
  async run(
    handler: LifecycleHandler,
    at: {
      readonly pod: Pod;
      readonly container: AnyContainer;
      readonly containerId: string;
      readonly podIP: string;
      readonly timeoutMs: number;
      readonly signal: AbortSignal;
    },
  ): Promise<void> {
    if (handler.exec !== undefined) {
      await this.#exec(handler.exec.command ?? [], at.containerId, at.timeoutMs, at.signal);
    } else if (handler.httpGet !== undefined) {
      const url = httpUrl(handler.httpGet, at.container, at.podIP);
      const headers = httpHeaders(handler.httpGet, "kube-lifecycle/1.36");
      // An answer counts whatever its status is, as upstream decides (only a failed connection is a failure).
      await httpGet({ url, headers, timeoutMs: at.timeoutMs }, at.signal);
    } else if (handler.sleep !== undefined) {
      await sleep(Math.min(handler.sleep.seconds * 1000, at.timeoutMs), at.signal);
    }
  }

  async #exec(command: readonly string[], containerId: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
    const {
      exitCode = 0,
      stdout,
      stderr,
    } = await this.#cri.runtime.execSync(
      { containerId, cmd: command, timeout: Math.max(1, Math.ceil(timeoutMs / 1000)) },
      { signal },
    );
    if (exitCode === 0) return;
    const output = Buffer.concat([stdout ?? new Uint8Array(), stderr ?? new Uint8Array()]).toString("utf8");
    throw new Error(
      `command '${command.join(" ")}' exited with ${exitCode}: ${JSON.stringify(output.slice(0, 1024).trim())}`,
    );
  }
}
