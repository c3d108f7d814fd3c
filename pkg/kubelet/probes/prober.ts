import { connect } from "node:net";
import type { Pod, Probe } from "#pkg/api/types/core-v1.ts";
import { type CriClient, isCriDeadlineExceeded } from "#pkg/cri/index.ts";
import type { AnyContainer } from "../types.ts";
import { checkGrpcHealth } from "./grpc-health.ts";
import { httpHeaders, httpUrl, resolvePort } from "./handler-target.ts";
import { connectionFailure, httpGet } from "./http-get.ts";

export interface ProbeOutcome {
  /** "warning" counts as success. */
  readonly result: "success" | "warning" | "failure";
  readonly output: string;
}

export interface ProbeSubject {
  readonly pod: Pod;
  readonly container: AnyContainer;
  readonly containerId: string;
  readonly podIP: string;
}

const maxOutput = 10 * 1024;

/** Runs one probe once. Rejects when the probe itself could not be carried out, which counts neither way. */
export class Prober {
  readonly #cri: CriClient;

  constructor(parts: { readonly cri: CriClient }) {
    this.#cri = parts.cri;
  }

  async probe(probe: Probe, subject: ProbeSubject, signal: AbortSignal): Promise<ProbeOutcome> {
    const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
    if (probe.exec !== undefined) {
      return await this.#exec(probe.exec.command ?? [], subject.containerId, timeoutMs, signal);
    }
    if (probe.httpGet !== undefined) return await http(probe.httpGet, subject, timeoutMs, signal);
    if (probe.tcpSocket !== undefined) {
      const { host = "" } = probe.tcpSocket;
      const port = resolvePort(probe.tcpSocket.port, subject.container);
      return await tcp(host === "" ? subject.podIP : host, port, timeoutMs, signal);
    }
    if (probe.grpc !== undefined) {
      const { port, service = "" } = probe.grpc;
      return await checkGrpcHealth({ host: subject.podIP, port, service, timeoutMs, signal });
    }
    throw new Error(`missing probe handler for ${subject.pod.metadata.name}:${subject.container.name}`);
  }

  async #exec(
    cmd: readonly string[],
    containerId: string,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<ProbeOutcome> {
    try {
      const answer = await this.#cri.runtime.execSync(
        { containerId, cmd, timeout: Math.ceil(timeoutMs / 1000) },
        { signal },
      );
      const bytes = Buffer.concat([answer.stdout ?? new Uint8Array(), answer.stderr ?? new Uint8Array()]);
      const output = bytes.subarray(0, maxOutput).toString("utf8");
      return { result: answer.exitCode === 0 ? "success" : "failure", output };
    } catch (err) {
      if (!isCriDeadlineExceeded(err)) throw err;
      const output = `command timed out: "${cmd.join(" ")}" timed out after ${timeoutMs / 1000}s`;
      return { result: "failure", output };
    }
  }
}

async function http(
  action: NonNullable<Probe["httpGet"]>,
  subject: ProbeSubject,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  const url = httpUrl(action, subject.container, subject.podIP);
  const headers = httpHeaders(action, "kube-probe/1.36");
  try {
    const { statusCode, body, redirectedTo } = await httpGet({ url, headers, timeoutMs }, signal);
    if (redirectedTo !== undefined) {
      return { result: "warning", output: `Probe terminated redirects, Response body: ${body}` };
    }
    if (statusCode >= 200 && statusCode < 400) return { result: "success", output: body };
    return { result: "failure", output: `HTTP probe failed with statuscode: ${statusCode}` };
  } catch (err) {
    signal.throwIfAborted();
    return { result: "failure", output: (err as Error).message };
  }
}

async function tcp(host: string, port: number, timeoutMs: number, signal: AbortSignal): Promise<ProbeOutcome> {
  return await new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal });
    const finish = (outcome: ProbeOutcome): void => {
      socket.destroy();
      resolve(outcome);
    };
    socket.setTimeout(timeoutMs, () => finish({ result: "failure", output: `dial tcp ${host}:${port}: i/o timeout` }));
    socket.on("connect", () => finish({ result: "success", output: "" }));
    socket.on("error", (err) => {
      if (signal.aborted) reject(err);
      else finish({ result: "failure", output: connectionFailure(err, host, port) });
    });
  });
}
