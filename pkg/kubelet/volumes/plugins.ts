import type { Client } from "#pkg/client/index.ts";
import type { Mounter } from "../mounter.ts";
import type { ObjectReader } from "../object-cache.ts";
import type { PodDirs } from "../pod-dirs.ts";
import type { TokenManager } from "../token-manager.ts";
import { configMapPlugin } from "./config-map.ts";
import { downwardApiPlugin } from "./downward-api.ts";
import type { DownwardSources } from "./downward-api-files.ts";
import { emptyDirPlugin } from "./empty-dir.ts";
import { hostPathPlugin } from "./host-path.ts";
import { imagePlugin, type VolumeImages } from "./image.ts";
import { nfsPlugin } from "./nfs.ts";
import { persistentVolumeClaimPlugin } from "./persistent-volume-claim.ts";
import { projectedPlugin } from "./projected.ts";
import { secretPlugin } from "./secret.ts";
import type { VolumePlugin } from "./types.ts";

/** Every kind of volume that this node knows. */
export function volumePlugins(parts: {
  readonly client: Client;
  readonly dirs: PodDirs;
  readonly mounter: Mounter;
  readonly objects: ObjectReader;
  readonly tokens: Pick<TokenManager, "token">;
  readonly downward: DownwardSources;
  readonly images: VolumeImages | undefined;
}): readonly VolumePlugin[] {
  return [
    emptyDirPlugin(parts),
    hostPathPlugin(),
    configMapPlugin(parts),
    secretPlugin(parts),
    downwardApiPlugin(parts),
    projectedPlugin(parts),
    persistentVolumeClaimPlugin(parts),
    nfsPlugin(parts),
    imagePlugin(parts.images),
  ];
}
