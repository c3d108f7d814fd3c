import { mkdir } from "node:fs/promises";
import type { NFSVolumeSource } from "#pkg/api/types/core-v1.ts";
import type { Mounter } from "../mounter.ts";
import type { PodDirs } from "../pod-dirs.ts";
import type { VolumePlugin } from "./types.ts";

/** A directory of an NFS server, through the node's mount.nfs. */
export function nfsPlugin(parts: { readonly dirs: PodDirs; readonly mounter: Mounter }): VolumePlugin {
  return {
    name: "nfs",
    supports: (volume) => volume.nfs !== undefined,
    async setUp(pod, volume) {
      const source = volume.nfs ?? { server: "", path: "" };
      const dir = parts.dirs.volume(pod.metadata.uid, "nfs", volume.name);
      await mkdir(dir, { recursive: true, mode: 0o750 });
      await mountNfs(parts.mounter, source, dir, []);
      return { hostPath: dir, readOnly: source.readOnly === true, relabel: false };
    },
  };
}

export async function mountNfs(
  mounter: Mounter,
  source: NFSVolumeSource,
  dir: string,
  mountOptions: readonly string[],
): Promise<void> {
  if ((await mounter.below(dir)).includes(dir)) return;
  const server = source.server.includes(":") ? `[${source.server}]` : source.server;
  const options = source.readOnly === true ? [...mountOptions, "ro"] : mountOptions;
  await mounter.mount("nfs", `${server}:${source.path}`, dir, options);
}
