import { chmod, chown, mkdir } from "node:fs/promises";
import type { Pod } from "#pkg/api/types/core-v1.ts";
import { writeAtomically } from "../atomic-writer.ts";
import type { Payload } from "./payload.ts";
import type { MountedVolume } from "./types.ts";

/** Writes a volume whose content comes from the API; containers may only read it. */
export async function contentVolume(dir: string, pod: Pod, payload: Payload): Promise<MountedVolume> {
  const gid = pod.spec.securityContext?.fsGroup;
  await mkdir(dir, { recursive: true, mode: 0o755 });
  const changed = await writeAtomically(dir, payload, gid === undefined ? {} : { gid });
  if (changed) {
    if (gid !== undefined) await chown(dir, 0, gid);
    // World-writable with the sticky bit off is upstream's mode of the root; the mount is read-only anyway.
    await chmod(dir, gid === undefined ? 0o777 : 0o2777);
  }
  return { hostPath: dir, readOnly: true, relabel: true };
}
