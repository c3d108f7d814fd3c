import { chmod, chown, mkdir, stat } from "node:fs/promises";
import type { EmptyDirVolumeSource, Pod } from "#pkg/api/types/core-v1.ts";
import type { Mounter } from "../mounter.ts";
import type { PodDirs } from "../pod-dirs.ts";
import { quantityValue } from "../quantity.ts";
import { podAmounts } from "../resources.ts";
import type { VolumePlugin } from "./types.ts";

/** Of a directory that is not ready yet. */
const NEW_MODE = 0o750;

/** Scratch space that lives as long as the pod: on disk, in memory, or in huge pages. */
export function emptyDirPlugin(parts: { readonly dirs: PodDirs; readonly mounter: Mounter }): VolumePlugin {
  return {
    name: "empty-dir",
    supports: (volume) => volume.emptyDir !== undefined,
    async setUp(pod, volume) {
      const dir = parts.dirs.volume(pod.metadata.uid, "empty-dir", volume.name);
      await mkdir(dir, { recursive: true, mode: NEW_MODE });
      const medium = volume.emptyDir?.medium ?? "";
      const gid = pod.spec.securityContext?.fsGroup;
      if (medium !== "" && !(await parts.mounter.below(dir)).includes(dir)) {
        const { type, options } = filesystem(pod, volume.emptyDir ?? {}, medium);
        await parts.mounter.mount(type, type, dir, [...options, `mode=${NEW_MODE.toString(8)}`]);
      }
      // A directory that was opened up before may have been changed by its users since, and stays as they want it.
      if (((await stat(dir)).mode & 0o7777) === NEW_MODE) {
        if (gid !== undefined) await chown(dir, 0, gid);
        await chmod(dir, gid === undefined ? 0o777 : 0o2777);
      }
      return { hostPath: dir, readOnly: false, relabel: true };
    },
  };
}

function filesystem(pod: Pod, source: EmptyDirVolumeSource, medium: string): { type: string; options: string[] } {
  if (medium === "Memory") {
    const limits = [source.sizeLimit, podMemoryLimit(pod)].map((limit) => quantityValue(limit)).filter((n) => n > 0);
    const size = limits.length === 0 ? [] : [`size=${Math.min(...limits)}`];
    return { type: "tmpfs", options: size };
  }
  if (medium === "HugePages" || medium.startsWith("HugePages-")) {
    return { type: "hugetlbfs", options: [`pagesize=${pageSize(pod, medium)}`] };
  }
  throw new Error(`unknown storage medium "${medium}"`);
}

/** Memory that the volume uses counts against the pod, so it cannot be larger than what the pod may have. */
function podMemoryLimit(pod: Pod): string | undefined {
  const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  const bounded = all.every((container) => container.resources?.limits?.["memory"] !== undefined);
  const limit = podAmounts(pod, "limits")["memory"];
  return bounded && limit !== undefined ? String(limit) : undefined;
}

/** "HugePages" means the one size that the pod asks for. */
function pageSize(pod: Pod, medium: string): string {
  if (medium.startsWith("HugePages-")) return medium.slice("HugePages-".length).replace(/i$/, "");
  const sizes = Object.keys(podAmounts(pod, "requests")).filter((name) => name.startsWith("hugepages-"));
  const [only] = sizes;
  if (only === undefined || sizes.length > 1) {
    throw new Error("medium HugePages needs exactly one size of huge pages in the pod's resources");
  }
  return only.slice("hugepages-".length).replace(/i$/, "");
}
