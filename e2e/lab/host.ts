import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "#pkg/async/index.ts";
import { CommandError, run } from "#pkg/process/index.ts";
import { BUSYBOX_IMAGE, BUSYBOX_NEXT_IMAGE, busyboxArchive } from "./image.ts";
import { exists, inside, type LabNetwork } from "./network.ts";

const BINARY = fileURLToPath(new URL("../../dist/minik", import.meta.url));

/** Temporary data directories of hosts are named so, and by the process that made them. */
const DATA_DIR_PREFIX = "minik-lab-";
const STOP_TIMEOUT_MS = 30_000;

export interface HostOptions {
  readonly name: string;
  readonly network: LabNetwork;
  /** More flags of `minik server`. */
  readonly flags?: readonly string[];
  /** The data directory; a temporary one unless told. */
  readonly dataDir?: string;
}

/** One machine of the lab: a network namespace, a data directory, and the built minik when started. */
export class Host {
  readonly namespace: string;
  readonly address: string;
  readonly dataDir: string;
  readonly kubeconfig: string;
  readonly logFile: string;
  readonly #flags: readonly string[];
  readonly #name: string;
  #server: { readonly child: ChildProcess; readonly ended: Promise<number | null> } | undefined;

  private constructor(parts: { namespace: string; address: string; dataDir: string; options: HostOptions }) {
    this.namespace = parts.namespace;
    this.address = parts.address;
    this.dataDir = parts.dataDir;
    this.#name = parts.options.name;
    this.#flags = parts.options.flags ?? [];
    this.kubeconfig = join(parts.dataDir, "kubeconfig.yaml");
    this.logFile = join(parts.dataDir, "minik.log");
  }

  /** A host with the test image in its images directory; nothing runs on it yet. */
  static async create(options: HostOptions): Promise<Host> {
    const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), `${DATA_DIR_PREFIX}${process.pid}-`)));
    const { namespace, address } = await options.network.addHost(options.name);
    const host = new Host({ namespace, address, dataDir, options });
    const images = join(dataDir, "agent/images");
    await mkdir(images, { recursive: true, mode: 0o700 });
    for (const name of [BUSYBOX_IMAGE, BUSYBOX_NEXT_IMAGE]) {
      await writeFile(join(images, `${name.split(":")[1]}.tar`), await busyboxArchive(name), { mode: 0o600 });
    }
    return host;
  }

  get pid(): number | undefined {
    return this.#server?.child.pid;
  }

  /** Flags that every start has. */
  get serverFlags(): string[] {
    return [
      "--data-dir",
      this.dataDir,
      "--node-name",
      this.#name,
      "--node-ip",
      this.address,
      "--write-kubeconfig",
      this.kubeconfig,
      ...this.#flags,
    ];
  }

  /** Starts `minik server`; resolves at once. Its log goes to `logFile`. */
  startServer(more: readonly string[] = []): void {
    const log = openSync(this.logFile, "a", 0o600);
    const [program, net] = inside(this.namespace);
    const child = spawn(program, [net, BINARY, "server", ...this.serverFlags, ...more], {
      stdio: ["ignore", log, log],
      detached: true,
    });
    closeSync(log);
    const ended = new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", (code) => resolve(code));
    });
    this.#server = { child, ended };
  }

  /** Lets this process end while minik goes on. */
  leaveRunning(): void {
    this.#server?.child.unref();
  }

  /** Resolves when the node is Ready. */
  async ready(timeoutMs = 60_000): Promise<void> {
    await until(
      async () => {
        if (this.#server?.child.exitCode !== null && this.#server !== undefined)
          throw new Error(`minik ended: ${await this.logTail()}`);
        return (
          (await this.kubectl([
            "get",
            "node",
            this.#name,
            "-o",
            "jsonpath={.status.conditions[?(@.type=='Ready')].status}",
          ])) === "True"
        );
      },
      { timeoutMs, intervalMs: 100, what: `node ${this.#name} Ready` },
    );
  }

  /** Resolves to minik's exit code when it has ended by itself. */
  async ended(): Promise<number | null> {
    const code = await this.#server?.ended;
    this.#server = undefined;
    return code ?? null;
  }

  /** Sends a signal to minik and waits for its end; one that does not come is ended, and is an error. */
  async stopServer(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    const server = this.#server;
    if (server === undefined) return null;
    server.child.kill(signal);
    const late = setTimeout(() => server.child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    const code = await server.ended;
    clearTimeout(late);
    this.#server = undefined;
    return code;
  }

  /** Runs a program inside the host's namespace; resolves to its standard output. */
  async exec(
    argv: readonly string[],
    options: { readonly input?: string; readonly timeoutMs?: number } = {},
  ): Promise<string> {
    const { stdout } = await run([...inside(this.namespace), ...argv], { timeoutMs: 60_000, ...options });
    return stdout;
  }

  async kubectl(
    args: readonly string[],
    options: { readonly input?: string; readonly timeoutMs?: number; readonly program?: string } = {},
  ): Promise<string> {
    return await this.exec([options.program ?? "kubectl", "--kubeconfig", this.kubeconfig, ...args], options);
  }

  async minik(args: readonly string[], timeoutMs = 60_000): Promise<string> {
    return await this.exec([BINARY, ...args, "--data-dir", this.dataDir], { timeoutMs });
  }

  async logTail(lines = 15): Promise<string> {
    return (await readFile(this.logFile, "utf8").catch(() => "no log")).trim().split("\n").slice(-lines).join("\n");
  }

  /** Stops minik and removes everything it made here, whatever state it is in. */
  async destroy(): Promise<void> {
    try {
      await this.stopServer("SIGTERM");
      await this.minik(["uninstall"]);
    } catch (err) {
      if (!(err instanceof CommandError)) throw err;
      process.stderr.write(`lab: ${err.message}\n`);
    }
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

/** Takes down what hosts of a lab process that is gone left running. */
export async function removeLeftHosts(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = new RegExp(`^${DATA_DIR_PREFIX}(\\d+)-`).exec(name)?.[1];
    if (owner === undefined || exists(Number(owner))) continue;
    const dataDir = join(tmpdir(), name);
    // Its own network namespace may be gone; the machine's own must not be touched.
    await run(["unshare", "--net", BINARY, "uninstall", "--data-dir", dataDir], { timeoutMs: 60_000 });
    await rm(dataDir, { recursive: true, force: true });
  }
}
