import { join } from "node:path";
import type { VolumeMount } from "#pkg/api/types/core-v1.ts";
import type { Device, Mount, MountPropagation } from "#pkg/cri/index.ts";
import { containerConfigError } from "./env.ts";
import { expand } from "./expansion.ts";
import type { AnyContainer } from "./types.ts";
import type { MountedVolume } from "./volumes/types.ts";

const PROPAGATION: Readonly<Record<string, MountPropagation>> = {
  None: "PROPAGATION_PRIVATE",
  HostToContainer: "PROPAGATION_HOST_TO_CONTAINER",
  Bidirectional: "PROPAGATION_BIDIRECTIONAL",
};

/** What making a container's mounts needs. */
export interface MountSources {
  readonly env: ReadonlyMap<string, string>;
  /** A mounted volume of the pod. */
  readonly volume: (name: string) => MountedVolume | undefined;
  /** Binds a subPath of a volume and resolves to where. `index` counts the container's mounts. */
  readonly bindSubPath: (volume: MountedVolume, name: string, subPath: string, index: number) => Promise<string>;
  /** Whether the runtime can make a mount and all below it read-only (KEP-3857). */
  readonly recursiveReadOnly: boolean;
}

/** The container's volumeMounts as the CRI wants them. Rejects with a PodError. */
export async function volumeMounts(container: AnyContainer, sources: MountSources): Promise<Mount[]> {
  const mounts: Mount[] = [];
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    const volume = mounted(sources, mount.name, container.name);
    const subPath = effectiveSubPath(mount, sources.env);
    const isReadOnly = mount.readOnly === true || volume.readOnly;
    const common = {
      containerPath: join("/", mount.mountPath),
      readonly: isReadOnly,
      propagation: PROPAGATION[mount.mountPropagation ?? "None"] ?? "PROPAGATION_PRIVATE",
      selinuxRelabel: volume.relabel,
      recursiveReadOnly: recursiveReadOnly(mount, sources.recursiveReadOnly),
    };
    if (volume.image !== undefined) {
      mounts.push({ ...common, image: volume.image, imageSubPath: subPath, hostPath: "" });
      continue;
    }
    const hostPath = subPath === "" ? volume.hostPath : await sources.bindSubPath(volume, mount.name, subPath, index);
    mounts.push({ ...common, hostPath });
  }
  return mounts;
}

/** The container's volumeDevices: block volumes as device nodes. */
export function volumeDevices(container: AnyContainer, sources: Pick<MountSources, "volume">): Device[] {
  return (container.volumeDevices ?? []).map(({ name, devicePath }) => {
    const volume = mounted(sources, name, container.name);
    return { containerPath: devicePath, hostPath: volume.hostPath, permissions: volume.readOnly ? "r" : "mrw" };
  });
}

function mounted(sources: Pick<MountSources, "volume">, name: string, container: string): MountedVolume {
  const volume = sources.volume(name);
  if (volume === undefined)
    throw containerConfigError(`cannot find volume "${name}" to mount into container "${container}"`);
  return volume;
}

function effectiveSubPath(mount: VolumeMount, env: ReadonlyMap<string, string>): string {
  const { subPath = "", subPathExpr } = mount;
  if (subPathExpr === undefined || subPathExpr === "") return checked(subPath);
  return checked(
    expand(subPathExpr, (name) => {
      const value = env.get(name);
      if (value === undefined)
        throw containerConfigError(`missing value for "${name}" in subPathExpr "${subPathExpr}"`);
      return value;
    }),
  );
}

function checked(subPath: string): string {
  if (subPath.startsWith("/")) throw containerConfigError(`error SubPath "${subPath}" must not be an absolute path`);
  if (subPath.split("/").includes("..")) throw containerConfigError(`SubPath "${subPath}" must not contain '..'`);
  return subPath;
}

function recursiveReadOnly(mount: VolumeMount, supported: boolean): boolean {
  const mode = mount.recursiveReadOnly ?? "Disabled";
  if (mode === "Disabled" || mount.readOnly !== true) return false;
  if (mode === "Enabled" && !supported) {
    throw containerConfigError(
      `failed to resolve recursive read-only mode: volume "${mount.name}" requested recursive read-only mode, but it is not supported by the runtime`,
    );
  }
  return supported;
}
