import { sleep } from "#pkg/async/index.ts";
import type { Pod, Volume } from "#pkg/api/types/core-v1.ts";
import type { Logger } from "#pkg/log/index.ts";
import { PodError } from "../types.ts";
import type { MountedVolume, VolumePlugin } from "./types.ts";

/** Tokens are looked at this often; ConfigMaps and Secrets are followed as they change. */
const TOKEN_CHECK_MS = 60_000;

interface PodVolumes {
  pod: Pod;
  readonly mounted: Map<string, MountedVolume>;
  /** The end of the work that is going on for this pod: one at a time. */
  queue: Promise<unknown>;
}

/** Sets up the volumes of this node's pods and keeps those current whose content comes from the API. */
export class VolumeManager {
  readonly #plugins: readonly VolumePlugin[];
  readonly #log: Logger;
  readonly #pods = new Map<string, PodVolumes>();
  readonly #failed: (pod: Pod, message: string) => void;
  #signal: AbortSignal | undefined;

  constructor(parts: {
    readonly plugins: readonly VolumePlugin[];
    readonly log: Logger;
    /** Told when a volume that is in use cannot be brought up to date: a FailedMount event. */
    readonly failed: (pod: Pod, message: string) => void;
  }) {
    this.#plugins = parts.plugins;
    this.#log = parts.log;
    this.#failed = parts.failed;
  }

  /** Renews tokens until the signal aborts. */
  async start(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    while (!signal.aborted) {
      await sleep(TOKEN_CHECK_MS, signal).catch(() => undefined);
      if (signal.aborted) break;
      const holders = [...this.#pods].filter(([, { pod }]) => (pod.spec.volumes ?? []).some(hasToken));
      await Promise.all(holders.map(([uid]) => this.#refresh(uid, hasToken)));
    }
    await Promise.all([...this.#pods.values()].map(({ queue }) => queue));
  }

  /** Sets up every volume that a container uses; cheap when that is done. Rejects with a PodError. */
  async setUp(pod: Pod, signal: AbortSignal): Promise<void> {
    const uid = pod.metadata.uid;
    const known = this.#pods.get(uid);
    const isRelabelled = known !== undefined && isMetadataChanged(known.pod, pod);
    const state: PodVolumes = known ?? { pod, mounted: new Map(), queue: Promise.resolve() };
    if (known === undefined) this.#pods.set(uid, state);
    state.pod = pod;
    const missing = usedVolumes(pod).filter((volume) => !state.mounted.has(volume.name));
    if (missing.length > 0) await this.#serially(state, () => this.#mount(state, missing, signal));
    if (isRelabelled) await this.#refresh(uid, hasFields);
  }

  /** A volume of the pod that is set up. */
  volume(podUid: string, name: string): MountedVolume | undefined {
    return this.#pods.get(podUid)?.mounted.get(name);
  }

  /** Groups that the pod's containers need for its volumes. */
  groups(podUid: string): readonly number[] {
    return [...(this.#pods.get(podUid)?.mounted.values() ?? [])].flatMap((volume) => volume.groups ?? []);
  }

  /** Brings volumes up to date whose ConfigMaps or Secrets changed. */
  changed(podUids: readonly string[]): void {
    for (const uid of podUids) void this.#refresh(uid, followsObjects);
  }

  /** Stops caring for a pod; resolves when nothing of it is worked on any more. */
  async forget(podUid: string): Promise<void> {
    const state = this.#pods.get(podUid);
    this.#pods.delete(podUid);
    await state?.queue;
  }

  /** Never rejects: what cannot be brought up to date stays as it is. */
  async #refresh(uid: string, which: (volume: Volume) => boolean): Promise<void> {
    const state = this.#pods.get(uid);
    const signal = this.#signal;
    if (state === undefined || signal === undefined) return;
    const due = (): Volume[] =>
      usedVolumes(state.pod).filter((volume) => state.mounted.has(volume.name) && which(volume));
    await this.#serially(state, async () => {
      if (this.#pods.get(uid) === state) await this.#mount(state, due(), signal);
    }).catch((err: unknown) => {
      if (signal.aborted) return;
      this.#log.warn("volume not brought up to date", { pod: state.pod.metadata.name, err });
      this.#failed(state.pod, err instanceof Error ? err.message : String(err));
    });
  }

  async #mount(state: PodVolumes, volumes: readonly Volume[], signal: AbortSignal): Promise<void> {
    const results = await Promise.allSettled(
      volumes.map(async (volume) => {
        const plugin = this.#plugins.find((candidate) => candidate.supports(volume));
        if (plugin === undefined) throw new Error(unsupported(volume));
        state.mounted.set(volume.name, await plugin.setUp(state.pod, volume, signal));
      }),
    );
    signal.throwIfAborted();
    const messages = results.flatMap((result, index) =>
      result.status === "fulfilled" ? [] : [failure(volumes[index]?.name, result.reason)],
    );
    if (messages.length > 0) throw new PodError("FailedMount", messages.join("; "));
  }

  async #serially(state: PodVolumes, work: () => Promise<void>): Promise<void> {
    const run = state.queue.then(work);
    state.queue = run.catch(() => undefined);
    await run;
  }
}

/** The volumes that at least one container mounts; nobody would see the others. */
export function usedVolumes(pod: Pod): Volume[] {
  const { initContainers = [], containers, ephemeralContainers = [], volumes = [] } = pod.spec;
  const used = new Set<string>();
  for (const { volumeMounts = [], volumeDevices = [], env = [] } of [
    ...initContainers,
    ...containers,
    ...ephemeralContainers,
  ]) {
    for (const { name } of [...volumeMounts, ...volumeDevices]) used.add(name);
    for (const { valueFrom } of env) if (valueFrom?.fileKeyRef !== undefined) used.add(valueFrom.fileKeyRef.volumeName);
  }
  return volumes.filter((volume) => used.has(volume.name));
}

const hasToken = (volume: Volume): boolean =>
  (volume.projected?.sources ?? []).some((source) => source.serviceAccountToken !== undefined);
const hasFields = (volume: Volume): boolean =>
  volume.downwardAPI !== undefined ||
  (volume.projected?.sources ?? []).some((source) => source.downwardAPI !== undefined);
const followsObjects = (volume: Volume): boolean =>
  volume.configMap !== undefined || volume.secret !== undefined || volume.projected !== undefined;

function isMetadataChanged(before: Pod, now: Pod): boolean {
  if (before === now) return false;
  const { labels, annotations } = before.metadata;
  return JSON.stringify([labels, annotations]) !== JSON.stringify([now.metadata.labels, now.metadata.annotations]);
}

function unsupported(volume: Volume): string {
  const kind = Object.keys(volume).find((key) => key !== "name") ?? "unknown";
  return `no volume plugin matched: volumes of type "${kind}" are not supported on this node`;
}

function failure(volume: string | undefined, reason: unknown): string {
  const why = reason instanceof Error ? reason.message : String(reason);
  return `MountVolume.SetUp failed for volume "${volume}" : ${why}`;
}
