/**
 * The map of the folder: a file per plugin, each a `VolumePlugin`; `volume-manager.ts` finds the plugin of each of a
 * pod's volumes, sets it up, keeps it current and takes it down.
 */
import type { Pod, Volume } from "#pkg/api/types/core-v1.ts";
import type { ImageSpec } from "#pkg/cri/index.ts";

/** A volume that is ready to be given to containers. */
export interface MountedVolume {
  /** Absolute path of the directory, file, or (block volumes) device on the node. Empty for images. */
  readonly hostPath: string;
  /** Set where containers may never write, whatever their mounts say. */
  readonly readOnly: boolean;
  /** Whether the runtime may relabel it for SELinux: only what belongs to the pod alone. */
  readonly relabel: boolean;
  /** An image whose files the runtime mounts itself. */
  readonly image?: ImageSpec;
  /** Groups that the containers must be in to use it (annotation pv.beta.kubernetes.io/gid). */
  readonly groups?: readonly number[];
}

/** One kind of volume source. */
export interface VolumePlugin {
  /** "empty-dir": the directory name of its volumes is `kubernetes.io~<name>`. */
  readonly name: string;
  /** Whether the volume is of this kind. */
  supports(volume: Volume): boolean;
  /**
   * Makes the volume, or brings it up to date; called again at every refresh. Rejects with the reason in words a user
   * can act on: it becomes a FailedMount event.
   */
  setUp(pod: Pod, volume: Volume, signal: AbortSignal): Promise<MountedVolume>;
}
