import type { Pod, Secret } from "#pkg/api/types/core-v1.ts";
import { type CriClient, CriError, type Image, type PodSandboxConfig } from "#pkg/cri/index.ts";
import { Backoff } from "../backoff.ts";
import type { PodEvents } from "../pod-events.ts";
import { type AnyContainer, PodError } from "../types.ts";
import { parseImageName } from "./image-name.ts";
import { pullCredentials } from "./pull-credentials.ts";

export interface ReadyImage {
  /** What CreateContainer is given. */
  readonly ref: string;
  readonly uid?: number;
  readonly username?: string;
}

/** An image is not there; `retryAfterMs` tells when to try again where that is known. */
export class ImageError extends PodError {
  readonly retryAfterMs: number | undefined;
  constructor(waiting: string, message: string, retryAfterMs?: number) {
    super("Failed", message, { waiting });
    this.name = "ImageError";
    this.retryAfterMs = retryAfterMs;
  }
}

const firstBackoffMs = 10_000;
const maxBackoffMs = 300_000;
/** A failed pull is shown for itself this long, and as ImagePullBackOff for the rest of its wait. */
const shownFailureMs = 2_000;

/** Makes a container's image present by its pull policy. The same image is pulled once however many pods wait for it. */
export class ImageManager {
  readonly #cri: CriClient;
  readonly #events: PodEvents;
  readonly #backoff = new Backoff(firstBackoffMs, maxBackoffMs);
  readonly #failures = new Map<string, { readonly at: number; readonly message: string }>();
  readonly #pulling = new Map<string, Promise<string>>();
  readonly #maxParallel: number;
  readonly #slots: (() => void)[] = [];
  #active = 0;

  constructor(parts: { readonly cri: CriClient; readonly events: PodEvents; readonly maxParallelPulls: number }) {
    this.#cri = parts.cri;
    this.#events = parts.events;
    this.#maxParallel = parts.maxParallelPulls;
  }

  /** @throws {ImageError} */
  async ensure(
    pod: Pod,
    container: AnyContainer,
    pull: {
      readonly secrets: () => Promise<readonly Secret[]>;
      readonly sandboxConfig: () => Promise<PodSandboxConfig>;
    },
  ): Promise<ReadyImage> {
    const image = container.image ?? "";
    const name = parseImageName(image);
    if (name === undefined) {
      const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format`;
      this.#events.warning(pod, "InspectFailed", message, container);
      throw new ImageError("InvalidImageName", message);
    }
    const present = await this.#status(name.full);
    const policy = container.imagePullPolicy ?? (name.full.endsWith(":latest") ? "Always" : "IfNotPresent");
    if (present !== undefined && policy !== "Always") {
      const message = `Container image "${image}" already present on machine and can be accessed by the pod`;
      this.#events.normal(pod, "Pulled", message, container);
      return ready(name.full, present);
    }
    if (policy === "Never") {
      const message = `Container image "${image}" is not present with pull policy of Never`;
      this.#events.warning(pod, "ErrImageNeverPull", message, container);
      throw new ImageError("ErrImageNeverPull", message);
    }
    return await this.#pullWithBackoff(pod, container, name.full, pull);
  }

  /** Drops what is remembered of a pod that is gone. */
  forget(podUid: string): void {
    this.#backoff.forget(`${podUid}_`);
    for (const key of this.#failures.keys()) if (key.startsWith(`${podUid}_`)) this.#failures.delete(key);
  }

  async #pullWithBackoff(
    pod: Pod,
    container: AnyContainer,
    full: string,
    pull: {
      readonly secrets: () => Promise<readonly Secret[]>;
      readonly sandboxConfig: () => Promise<PodSandboxConfig>;
    },
  ): Promise<ReadyImage> {
    const image = container.image ?? "";
    const key = `${pod.metadata.uid}_${full}`;
    const failure = this.#failures.get(key);
    if (failure !== undefined) {
      const remaining = this.#backoff.remainingMs(key, failure.at, Date.now());
      if (remaining > 0) {
        this.#events.normal(pod, "BackOff", `Back-off pulling image "${image}"`, container);
        const message = `Back-off pulling image "${image}": ErrImagePull: ${failure.message}`;
        throw new ImageError("ImagePullBackOff", message, remaining);
      }
    }
    this.#events.normal(pod, "Pulling", `Pulling image "${image}"`, container);
    const asked = performance.now();
    try {
      const { pullMs } = await this.#pull(full, await pull.secrets(), await pull.sandboxConfig());
      const status = await this.#status(full);
      const total = goSeconds(performance.now() - asked);
      const message = `Successfully pulled image "${image}" in ${goSeconds(pullMs)} (${total} including waiting). Image size: ${status?.size ?? 0} bytes.`;
      this.#events.normal(pod, "Pulled", message, container);
      this.#failures.delete(key);
      if (status === undefined) throw new ImageError("ErrImagePull", `image "${image}" is gone after its pull`);
      return ready(full, status);
    } catch (err) {
      const text = err instanceof Error ? err.message : String(err);
      this.#events.warning(pod, "Failed", `Failed to pull image "${image}": ${text}`, container);
      this.#backoff.next(key, Date.now());
      this.#failures.set(key, { at: Date.now(), message: text });
      throw new ImageError("ErrImagePull", text, shownFailureMs);
    }
  }

  async #pull(full: string, secrets: readonly Secret[], sandbox: PodSandboxConfig): Promise<{ pullMs: number }> {
    // Pods with different credentials do not share a pull: one's right to the image is not the other's.
    const key = JSON.stringify([full, secrets.map(({ metadata }) => [metadata.uid, metadata.resourceVersion])]);
    let running = this.#pulling.get(key);
    let pullMs = 0;
    if (running === undefined) {
      running = this.#inSlot(async () => {
        const started = performance.now();
        const ref = await this.#pullOnce(full, secrets, sandbox);
        pullMs = performance.now() - started;
        return ref;
      }).finally(() => this.#pulling.delete(key));
      this.#pulling.set(key, running);
    }
    await running;
    return { pullMs };
  }

  async #pullOnce(full: string, secrets: readonly Secret[], sandboxConfig: PodSandboxConfig): Promise<string> {
    const credentials = pullCredentials(full, secrets);
    let last: unknown;
    for (const auth of credentials.length === 0 ? [undefined] : credentials) {
      try {
        const { imageRef = "" } = await this.#cri.images.pullImage({
          image: { image: full },
          sandboxConfig,
          ...(auth === undefined ? {} : { auth }),
        });
        return imageRef;
      } catch (err) {
        last = err;
      }
    }
    throw last;
  }

  async #inSlot<T>(work: () => Promise<T>): Promise<T> {
    if (this.#active >= this.#maxParallel) await new Promise<void>((resolve) => this.#slots.push(resolve));
    this.#active++;
    try {
      return await work();
    } finally {
      this.#active--;
      this.#slots.shift()?.();
    }
  }

  async #status(full: string): Promise<Image | undefined> {
    try {
      return (await this.#cri.images.imageStatus({ image: { image: full } })).image;
    } catch (err) {
      const text = err instanceof CriError ? err.details : String(err);
      throw new ImageError("ImageInspectError", `Failed to inspect image "${full}": ${text}`);
    }
  }
}

function ready(full: string, image: Image): ReadyImage {
  return {
    ref: image.id ?? full,
    ...(image.uid?.value === undefined ? {} : { uid: image.uid.value }),
    ...(image.username === undefined || image.username === "" ? {} : { username: image.username }),
  };
}

/** A duration as Go prints it, to the millisecond: "1.234s", "85ms". */
function goSeconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)}ms` : `${Number((ms / 1000).toFixed(3))}s`;
}
