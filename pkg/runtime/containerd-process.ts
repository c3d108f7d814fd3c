import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, open, readFile, rename, rm, stat, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isAbort, sleep, until } from "#pkg/async/index.ts";
import type { CriClient } from "#pkg/cri/index.ts";
import type { Logger } from "#pkg/log/index.ts";

export interface ContainerdProcessOptions {
  readonly containerd: string;
  /** The version that is installed; one that runs in another version is replaced. */
  readonly versionText: string;
  readonly config: string;
  /** Holds config.toml, containerd.pid, containerd.log. */
  readonly dir: string;
  readonly socket: string;
  readonly path: string;
  readonly cri: CriClient;
  readonly log: Logger;
}

const maxLogBytes = 16 * 1024 * 1024;
const firstBackoffMs = 100;
const maxBackoffMs = 10_000;
/** A daemon that lived this long starts over with a short backoff. */
const stableMs = 60_000;

/**
 * One containerd, kept running. Its shims, and so the containers, outlive it: stopping or losing it stops no pod.
 *
 *   adopt (an earlier minik's, same config) ─┐
 *   start ─▶ socket answers CRI ─▶ running ──┴─▶ gone ─▶ backoff ─▶ start …
 *                                     └ signal aborts ─▶ SIGTERM ─▶ SIGKILL after 10 s
 */
export class ContainerdProcess {
  readonly #options: ContainerdProcessOptions;
  #ready = Promise.withResolvers<void>();

  constructor(options: ContainerdProcessOptions) {
    this.#options = options;
    this.#ready.promise.catch(() => undefined);
  }

  /** Resolves when CRI answers (first start or adoption); rejects when `start` ended before. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  async start(signal: AbortSignal): Promise<void> {
    try {
      await this.#supervise(signal);
    } catch (err) {
      this.#ready.reject(err);
      if (!(signal.aborted && isAbort(err))) throw err;
    }
  }

  async #supervise(signal: AbortSignal): Promise<void> {
    const { dir, log } = this.#options;
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const adopted = await this.#adopt(signal);
    await this.#writeConfig();
    if (adopted !== undefined) {
      log.info("containerd adopted", { pid: adopted });
      this.#ready.resolve();
      await this.#watchPid(adopted, signal);
    }
    let backoffMs = firstBackoffMs;
    while (!signal.aborted) {
      const startedAt = Date.now();
      await this.#runOnce(signal);
      if (signal.aborted) return;
      if (Date.now() - startedAt > stableMs) backoffMs = firstBackoffMs;
      log.warn("containerd ended, starting it again", { backoffMs, logFile: this.#logPath });
      await sleep(backoffMs, signal);
      backoffMs = Math.min(backoffMs * 2, maxBackoffMs);
    }
  }

  async #runOnce(signal: AbortSignal): Promise<void> {
    const { containerd, dir, socket, log } = this.#options;
    await mkdir(dirname(socket), { recursive: true, mode: 0o700 });
    await rm(socket, { force: true });
    await this.#rotateLog();
    const logFile = await open(this.#logPath, "a", 0o600);
    const child = spawn(containerd, ["--config", this.#configPath, "--log-level", "info"], {
      stdio: ["ignore", logFile.fd, logFile.fd],
      env: { ...process.env, PATH: this.#options.path },
      // Its own session: a Ctrl-C at the terminal is for minik, which stops containerd when its pods are looked after.
      detached: true,
    });
    const exited = once(child, "exit");
    const spawned = once(child, "spawn");
    try {
      await spawned;
      await writeFile(join(dir, "containerd.pid"), `${child.pid}\n`, { mode: 0o600 });
      log.info("containerd started", { pid: child.pid, socket });
      const stopped = new AbortController();
      const ended = exited.finally(() => stopped.abort());
      const answering = this.#untilAnswering(AbortSignal.any([signal, stopped.signal])).then(
        () => this.#ready.resolve(),
        (err: unknown) => log.debug("containerd does not answer", { err }),
      );
      const rotating = this.#keepLogSmall(AbortSignal.any([signal, stopped.signal]));
      const stopping = stopOnAbort(child, signal, ended);
      await Promise.all([ended, answering, rotating, stopping]);
    } finally {
      await logFile.close();
    }
  }

  async #untilAnswering(signal: AbortSignal): Promise<void> {
    const options = { timeoutMs: 60_000, intervalMs: 10, signal };
    // Asking before the socket exists would put the channel into its reconnect backoff.
    await until(() => stat(this.#options.socket), { ...options, what: "containerd's socket" });
    await until(() => this.#options.cri.runtime.version({}, { timeoutMs: 2000 }), {
      ...options,
      what: "CRI to answer",
    });
  }

  /** The pid of a containerd that an earlier minik left running with the same config and version. Others are ended. */
  async #adopt(signal: AbortSignal): Promise<number | undefined> {
    const { dir, config, versionText, cri, log } = this.#options;
    const pid = Number(await readOr(join(dir, "containerd.pid"), ""));
    if (!Number.isInteger(pid) || pid <= 1) return undefined;
    const commandLine = (await readOr(`/proc/${pid}/cmdline`, "")).split("\0");
    if (!commandLine.includes(this.#configPath)) return undefined;
    const sameConfig = (await readOr(this.#configPath, "")) === config;
    const version = await cri.runtime.version({}, { timeoutMs: 3000 }).catch(() => undefined);
    if (sameConfig && version?.runtimeVersion === versionText) return pid;
    log.info("containerd of an earlier start is replaced", { pid, sameConfig, version: version?.runtimeVersion });
    kill(pid, "SIGTERM");
    await until(() => !isAlive(pid), { timeoutMs: 10_000, intervalMs: 20, signal, what: "the old containerd to end" });
    return undefined;
  }

  async #watchPid(pid: number, signal: AbortSignal): Promise<void> {
    while (isAlive(pid)) {
      if (signal.aborted) {
        kill(pid, "SIGTERM");
        await until(() => !isAlive(pid), { timeoutMs: 10_000, intervalMs: 20, what: "containerd to end" });
        return;
      }
      await sleep(500, signal).catch(() => undefined);
    }
    this.#options.log.warn("containerd ended, starting it again", { pid });
  }

  async #writeConfig(): Promise<void> {
    await writeFile(this.#configPath, this.#options.config, { mode: 0o600 });
  }

  async #keepLogSmall(signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        await sleep(10 * 60_000, signal);
        const file = await stat(this.#logPath);
        // containerd holds the file open for appending: cutting it is the rotation that it does not notice.
        if (file.size > maxLogBytes) await truncateInto(this.#logPath, `${this.#logPath}.1`);
      }
    } catch (err) {
      if (!isAbort(err)) this.#options.log.warn("cannot rotate containerd's log", { err });
    }
  }

  async #rotateLog(): Promise<void> {
    const size = await stat(this.#logPath).then(
      (file) => file.size,
      () => 0,
    );
    if (size > maxLogBytes) await rename(this.#logPath, `${this.#logPath}.1`);
  }

  get #configPath(): string {
    return join(this.#options.dir, "config.toml");
  }
  get #logPath(): string {
    return join(this.#options.dir, "containerd.log");
  }
}

async function stopOnAbort(child: ChildProcess, signal: AbortSignal, ended: Promise<unknown>): Promise<void> {
  const abort = Promise.withResolvers<void>();
  const onAbort = (): void => abort.resolve();
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  await Promise.race([abort.promise, ended]);
  signal.removeEventListener("abort", onAbort);
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  const killer = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await ended;
  clearTimeout(killer);
}

async function truncateInto(path: string, copy: string): Promise<void> {
  await copyFile(path, copy);
  await truncate(path, 0);
}

async function readOr(path: string, otherwise: string): Promise<string> {
  return await readFile(path, "utf8").catch(() => otherwise);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already, which is what was wanted.
  }
}
