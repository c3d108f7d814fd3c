import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { until } from "#pkg/async/index.ts";
import type { CriClient } from "#pkg/cri/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import { run } from "#pkg/process/index.ts";
import type { PauseImage } from "./pause-image.ts";

const archiveName = /\.(tar|tar\.gz|tgz|tar\.zst)$/;
/** Large archives on slow disks take minutes. */
const importMs = 30 * 60_000;

interface Imported {
  readonly size: number;
  readonly mtimeMs: number;
  readonly images: readonly string[];
}

/** Brings image archives into containerd, each once. */
export class ImageImporter {
  readonly #ctr: string;
  readonly #socket: string;
  readonly #snapshotter: string;
  readonly #cri: CriClient;
  readonly #stateDir: string;
  readonly #log: Logger;

  constructor(parts: {
    readonly ctr: string;
    readonly socket: string;
    readonly snapshotter: string;
    readonly cri: CriClient;
    /** Holds the list of what was imported. */
    readonly stateDir: string;
    readonly log: Logger;
  }) {
    this.#ctr = parts.ctr;
    this.#socket = parts.socket;
    this.#snapshotter = parts.snapshotter;
    this.#cri = parts.cri;
    this.#stateDir = parts.stateDir;
    this.#log = parts.log;
  }

  /** Resolves when a sandbox can be made from it. */
  async importPause(image: PauseImage, signal: AbortSignal): Promise<void> {
    if (await this.#isPresent(image.name)) return;
    const path = join(this.#stateDir, "pause.tar");
    await writeFile(path, image.archive, { mode: 0o600 });
    await this.#import(path, signal);
    await rm(path, { force: true });
    // CRI learns of an image that came in beside it by an event.
    await until(() => this.#isPresent(image.name), {
      timeoutMs: 10_000,
      intervalMs: 5,
      signal,
      what: `image ${image.name} to appear`,
    });
  }

  /** Imports the directory's archives that are new, changed, or whose images are gone. A broken one is logged. */
  async importDirectory(dir: string, signal: AbortSignal): Promise<void> {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const record = await this.#readRecord();
    const archives = (await readdir(dir)).filter((name) => archiveName.test(name)).toSorted();
    const next: Record<string, Imported> = {};
    for (const name of archives) {
      const path = join(dir, name);
      try {
        const { size, mtimeMs } = await stat(path);
        const known = record[name];
        if (
          known !== undefined &&
          known.size === size &&
          known.mtimeMs === mtimeMs &&
          (await this.#allPresent(known))
        ) {
          next[name] = known;
          continue;
        }
        this.#log.info("importing image archive", { path, megabytes: Math.ceil(size / 1e6) });
        const images = await this.#import(path, signal);
        next[name] = { size, mtimeMs, images };
        this.#log.info("image archive imported", { path, images });
      } catch (err) {
        signal.throwIfAborted();
        this.#log.error("image archive not imported", { path, err });
      }
    }
    await this.#writeRecord(next);
    // CRI learns of images that came in beside it by an event.
    const names = Object.values(next).flatMap(({ images }) => images);
    await until(async () => (await Promise.all(names.map((name) => this.#isPresent(name)))).every(Boolean), {
      timeoutMs: 10_000,
      intervalMs: 5,
      signal,
      what: "imported images to appear",
    }).catch((err: unknown) => {
      signal.throwIfAborted();
      this.#log.warn("imported images are not all known to the runtime", { reason: (err as Error).message });
    });
  }

  async #import(path: string, signal: AbortSignal): Promise<readonly string[]> {
    const argv = ["-a", this.#socket, "-n", "k8s.io", "images", "import", "--snapshotter", this.#snapshotter, path];
    const { stdout } = await run([this.#ctr, ...argv], { signal, timeoutMs: importMs });
    return importedNames(stdout);
  }

  async #allPresent(known: Imported): Promise<boolean> {
    const found = await Promise.all(known.images.map((name) => this.#isPresent(name)));
    return found.every(Boolean);
  }

  async #isPresent(name: string): Promise<boolean> {
    const { image } = await this.#cri.images.imageStatus({ image: { image: name } });
    return image !== undefined;
  }

  get #recordPath(): string {
    return join(this.#stateDir, "imported.json");
  }

  async #readRecord(): Promise<Readonly<Record<string, Imported>>> {
    try {
      return JSON.parse(await readFile(this.#recordPath, "utf8")) as Record<string, Imported>;
    } catch {
      // Missing or damaged: everything is imported again, which changes nothing that is there.
      return {};
    }
  }

  async #writeRecord(record: Readonly<Record<string, Imported>>): Promise<void> {
    await writeFile(`${this.#recordPath}.new`, JSON.stringify(record), { mode: 0o600 });
    await rename(`${this.#recordPath}.new`, this.#recordPath);
  }
}

/** Names in ctr's output: "unpacking NAME (sha256:…)...done" before 2.0, "NAME   saved" from 2.0 on. */
export function importedNames(output: string): readonly string[] {
  const names = [...output.matchAll(/^unpacking (\S+) \(|^(\S+)\s+saved\b/gm)].map((m) => m[1] ?? m[2] ?? "");
  return [...new Set(names)];
}
