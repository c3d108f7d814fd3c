import { statfs } from "node:fs/promises";
import type { CriClient, Image } from "#pkg/cri/index.ts";
import type { Logger } from "#pkg/log/index.ts";

/** Upstream's defaults: begin above 85 % of the disk, stop below 80 %, leave images alone for two minutes. */
const highPercent = 85;
const lowPercent = 80;
const minAgeMs = 2 * 60_000;
/** The pause image that minik carries: sandboxes use it without appearing as containers. */
const builtIn = "minik.internal/";

/** Removes images that no container uses, the longest unused first, when the disk fills up. */
export class ImageGc {
  readonly #cri: CriClient;
  readonly #root: string;
  readonly #keep: string | undefined;
  readonly #log: Logger;
  readonly #firstSeen = new Map<string, number>();
  readonly #lastUsed = new Map<string, number>();

  constructor(parts: {
    readonly cri: CriClient;
    /** A directory on the file system that images lie on. */
    readonly root: string;
    readonly keep: string | undefined;
    readonly log: Logger;
  }) {
    this.#cri = parts.cri;
    this.#root = parts.root;
    this.#keep = parts.keep;
    this.#log = parts.log;
  }

  /** `all`: whatever the disk says, everything unused goes. */
  async collect(all = false): Promise<void> {
    const unused = await this.#unusedImages();
    let usedPercent = await this.#measure();
    if (usedPercent < highPercent && !all) return;
    for (const image of unused) {
      if (usedPercent < lowPercent && !all) return;
      await this.#cri.images.removeImage({ image: { image: image.id ?? "" } });
      this.#log.info("image removed to free disk space", { image: image.repoTags?.[0] ?? image.id });
      usedPercent = await this.#measure();
    }
  }

  async #measure(): Promise<number> {
    const { blocks, bavail, bfree } = await statfs(this.#root);
    const used = blocks - bfree;
    return (used / Math.max(1, used + bavail)) * 100;
  }

  async #unusedImages(): Promise<Image[]> {
    const [{ images = [] }, { containers = [] }] = await Promise.all([
      this.#cri.images.listImages({}),
      this.#cri.runtime.listContainers({}),
    ]);
    const now = Date.now();
    const inUse = new Set(containers.flatMap(({ imageRef, imageId, image }) => [imageRef, imageId, image?.image]));
    const unused: Image[] = [];
    for (const image of images) {
      const id = image.id ?? "";
      if (!this.#firstSeen.has(id)) this.#firstSeen.set(id, now);
      const names = [id, ...(image.repoTags ?? []), ...(image.repoDigests ?? [])];
      if (names.some((name) => inUse.has(name))) this.#lastUsed.set(id, now);
      else if (image.pinned !== true && !names.some((name) => name === this.#keep || name.startsWith(builtIn)))
        unused.push(image);
    }
    const usedAt = ({ id = "" }: Image): number => this.#lastUsed.get(id) ?? 0;
    return unused
      .filter(({ id = "" }) => now - (this.#firstSeen.get(id) ?? now) >= minAgeMs)
      .toSorted((a, b) => usedAt(a) - usedAt(b));
  }
}
