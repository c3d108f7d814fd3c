import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "#pkg/async/index.ts";
import { type Client, createClient, createHttpsTransport, loadKubeconfig, type Transport } from "#pkg/client/index.ts";

export const BINARY = fileURLToPath(new URL("../../dist/minik", import.meta.url));

/** A port of 127.0.0.1 that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** `minik server` without a node, on loopback: needs neither root nor a namespace. */
export class ControlPlane {
  readonly dataDir: string;
  readonly kubeconfig: string;
  readonly port: number;
  readonly client: Client;
  readonly #transport: Transport;
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  readonly #log: () => string;

  private constructor(parts: {
    dataDir: string;
    port: number;
    transport: Transport;
    child: ChildProcess;
    ended: Promise<number | null>;
    log: () => string;
  }) {
    this.dataDir = parts.dataDir;
    this.kubeconfig = join(parts.dataDir, "kubeconfig.yaml");
    this.port = parts.port;
    this.client = createClient(parts.transport);
    this.#transport = parts.transport;
    this.#child = parts.child;
    this.#ended = parts.ended;
    this.#log = parts.log;
  }

  /** Resolves when the API server is ready. `at`: a server that was killed, whose directory and port it takes over. */
  static async start(
    flags: readonly string[] = [],
    at?: Pick<ControlPlane, "dataDir" | "port">,
  ): Promise<ControlPlane> {
    const dataDir = at?.dataDir ?? (await mkdtemp(join(tmpdir(), "minik-control-plane-")));
    const port = at?.port ?? (await freePort());
    const child = spawn(BINARY, ["server", ...controlPlaneFlags(dataDir, port), ...flags], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let log = "";
    child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
    const ended = new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve(code));
    });
    await until(
      () => {
        if (child.exitCode !== null) throw new Error(`minik ended: ${log}`);
        return log.includes("API server ready");
      },
      { timeoutMs: 30_000, intervalMs: 20, what: "the API server" },
    );
    const transport = createHttpsTransport(await loadKubeconfig(join(dataDir, "kubeconfig.yaml")));
    return new ControlPlane({ dataDir, port, transport, child, ended, log: () => log });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** What it wrote to standard error so far. */
  get log(): string {
    return this.#log();
  }

  /** SIGKILL. The data directory stays, for the next to start from. */
  async kill(): Promise<void> {
    await this.#transport.close();
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  /** Resolves to the exit code. Removes the data directory. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    await this.#transport.close();
    this.#child.kill(signal);
    const code = await this.#ended;
    await rm(this.dataDir, { recursive: true, force: true });
    return code;
  }
}

/** Flags of a server without a node that stays on loopback. */
export function controlPlaneFlags(dataDir: string, port: number): string[] {
  return [
    "--data-dir",
    dataDir,
    "--write-kubeconfig",
    join(dataDir, "kubeconfig.yaml"),
    "--bind-address",
    "127.0.0.1",
    "--https-listen-port",
    String(port),
    // Only told to others (RFC 5737): nobody asks there.
    "--node-ip",
    "192.0.2.1",
    "--disable-agent",
  ];
}
