import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { until } from "#pkg/async/index.ts";

/** A process that runs candidate.ts. */
export class Candidate {
  readonly identity: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #log = "";

  constructor(kubeconfig: string, identity: string, leaseSeconds: number) {
    this.identity = identity;
    const program = fileURLToPath(new URL("./candidate.ts", import.meta.url));
    this.#child = spawn(process.execPath, [program, kubeconfig, identity, String(leaseSeconds)], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#child.stderr?.on("data", (chunk: Buffer) => (this.#log += chunk.toString()));
    this.#ended = new Promise((resolve, reject) => {
      this.#child.on("error", reject);
      this.#child.on("close", (code) => resolve(code));
    });
  }

  /** The Leases it became the leader of, in order. */
  terms(): string[] {
    return this.#lines()
      .filter((line) => line["msg"] === "became leader")
      .map((line) => String(line["lease"]));
  }

  /** Resolves when it competes for both Leases, which another holds. */
  async waits(): Promise<void> {
    await until(() => this.#lines().filter((line) => line["msg"] === "waiting for the lease").length >= 2, {
      timeoutMs: 15_000,
      intervalMs: 20,
      what: `candidate ${this.identity} to wait: ${this.#log}`,
    });
  }

  /** Resolves to the exit code; null when the signal ended it. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal);
    return await this.#ended;
  }

  #lines(): Record<string, unknown>[] {
    return this.#log
      .split("\n")
      .slice(0, -1)
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}
