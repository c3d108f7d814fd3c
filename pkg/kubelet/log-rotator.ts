import { createReadStream, createWriteStream } from "node:fs";
import { readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { sleep } from "#pkg/async/index.ts";
import type { CriClient } from "#pkg/cri/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import { containerLogPath } from "./container-config.ts";
import type { PodDirs } from "./pod-dirs.ts";
import type { PodStatusProvider } from "./types.ts";

/** As upstream's containerLogMonitorInterval, containerLogMaxSize and containerLogMaxFiles. */
const CHECK_MS = 10_000;
const MAX_BYTES = 10 * 2 ** 20;
const MAX_FILES = 5;

interface Parts {
  readonly cri: Pick<CriClient, "runtime">;
  readonly status: Pick<PodStatusProvider, "pods">;
  readonly dirs: PodDirs;
  readonly log: Logger;
  readonly maxBytes?: number;
  readonly maxFiles?: number;
}

/**
 * Keeps the logs of running containers small:
 *
 *   0.log ─▶ 0.log.20260102-030405 ─▶ (at the next rotation) 0.log.20260102-030405.gz ─▶ removed
 */
export class LogRotator {
  readonly #parts: Parts;
  readonly #maxBytes: number;
  readonly #maxFiles: number;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#maxBytes = parts.maxBytes ?? MAX_BYTES;
    this.#maxFiles = Math.max(2, parts.maxFiles ?? MAX_FILES);
  }

  /** Looks at all logs now and then until the signal aborts. */
  async start(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(CHECK_MS, signal).catch(() => undefined);
      if (!signal.aborted) await this.check(signal);
    }
  }

  /** Rotates what has become too large. One that cannot be rotated does not stop the others. */
  async check(signal: AbortSignal): Promise<void> {
    for (const { path, containerId } of this.#running()) {
      if (signal.aborted) return;
      const { size } = await stat(path).catch(() => ({ size: 0 }));
      if (size < this.#maxBytes) continue;
      await this.#rotate(path, containerId).catch((err: unknown) => {
        this.#parts.log.warn("log not rotated", { path, err });
      });
    }
  }

  #running(): { readonly path: string; readonly containerId: string }[] {
    return this.#parts.status.pods().flatMap(({ metadata: { name, namespace = "", uid }, status }) => {
      const all = [
        ...(status?.containerStatuses ?? []),
        ...(status?.initContainerStatuses ?? []),
        ...(status?.ephemeralContainerStatuses ?? []),
      ];
      return all
        .filter(({ state, containerID }) => state?.running !== undefined && containerID !== undefined)
        .map((container) => ({
          path: join(
            this.#parts.dirs.logs({ namespace, name, uid }),
            containerLogPath(container.name, container.restartCount),
          ),
          containerId: (container.containerID ?? "").replace(/^[^:]*:\/\//, ""),
        }));
    });
  }

  async #rotate(path: string, containerId: string): Promise<void> {
    await this.#tidy(path);
    const rotated = `${path}.${timestamp()}`;
    await rename(path, rotated);
    try {
      await this.#parts.cri.runtime.reopenContainerLog({ containerId });
    } catch (err) {
      // The runtime goes on writing to the old file, which must then keep its name.
      await rename(rotated, path);
      throw err;
    }
  }

  /** Leaves room for one more file, and compresses the others. */
  async #tidy(path: string): Promise<void> {
    const dir = dirname(path);
    const prefix = `${basename(path)}.`;
    const names = (await readdir(dir)).filter((name) => name.startsWith(prefix)).sort();
    const stale = names.filter((name) => name.endsWith(".tmp"));
    const rotated = names.filter((name) => !name.endsWith(".tmp"));
    // The file that is being written and the one that is about to be set aside count too.
    const excess = rotated.splice(0, Math.max(0, rotated.length - (this.#maxFiles - 2)));
    await Promise.all([...stale, ...excess].map((name) => rm(join(dir, name), { force: true })));
    for (const name of rotated) if (!name.endsWith(".gz")) await compress(join(dir, name));
  }
}

/** "20260102-030405", UTC. */
function timestamp(): string {
  const [date = "", time = ""] = new Date().toISOString().split("T");
  return `${date.replaceAll("-", "")}-${time.slice(0, 8).replaceAll(":", "")}`;
}

async function compress(path: string): Promise<void> {
  const temporary = `${path}.tmp`;
  await pipeline(createReadStream(path), createGzip(), createWriteStream(temporary, { mode: 0o640 }));
  await rename(temporary, `${path}.gz`);
  await rm(path, { force: true });
}
