import type { Pod, VolumeProjection } from "#pkg/api/types/core-v1.ts";
import type { ObjectReader } from "../object-cache.ts";
import type { PodDirs } from "../pod-dirs.ts";
import type { TokenManager } from "../token-manager.ts";
import { contentVolume } from "./content-volume.ts";
import { type DownwardSources, downwardFiles } from "./downward-api-files.ts";
import { configMapFiles, DEFAULT_MODE, type Payload, secretFiles, selectKeys } from "./payload.ts";
import type { VolumePlugin } from "./types.ts";

const DEFAULT_TOKEN_SECONDS = 3600;

interface Parts {
  readonly dirs: PodDirs;
  readonly objects: ObjectReader;
  readonly tokens: Pick<TokenManager, "token">;
  readonly downward: DownwardSources;
}

/** ConfigMaps, Secrets, fields and tokens in one directory; follows all of them. */
export function projectedPlugin(parts: Parts): VolumePlugin {
  return {
    name: "projected",
    supports: (volume) => volume.projected !== undefined,
    async setUp(pod, volume) {
      const { sources = [], defaultMode = DEFAULT_MODE } = volume.projected ?? {};
      const payload: Payload = new Map();
      const made = await Promise.all(sources.map((source) => sourceFiles(parts, pod, source, defaultMode)));
      for (const files of made) for (const [path, file] of files) payload.set(path, file);
      const dir = parts.dirs.tmpfsVolume(pod.metadata.uid, "projected", volume.name);
      return await contentVolume(dir, pod, payload);
    },
  };
}

async function sourceFiles(parts: Parts, pod: Pod, source: VolumeProjection, mode: number): Promise<Payload> {
  const namespace = pod.metadata.namespace ?? "";
  if (source.configMap !== undefined) {
    const { name = "", items, optional = false } = source.configMap;
    const map = await parts.objects.configMap(namespace, name);
    if (map !== undefined) return selectKeys(configMapFiles(map), items, { mode, optional, kind: "config" });
    if (optional) return new Map();
    throw new Error(`configmap "${name}" not found`);
  }
  if (source.secret !== undefined) {
    const { name = "", items, optional = false } = source.secret;
    const secret = await parts.objects.secret(namespace, name);
    if (secret !== undefined) return selectKeys(secretFiles(secret), items, { mode, optional, kind: "secret" });
    if (optional) return new Map();
    throw new Error(`secret "${name}" not found`);
  }
  if (source.downwardAPI !== undefined) {
    return downwardFiles(pod, source.downwardAPI.items ?? [], mode, parts.downward);
  }
  if (source.serviceAccountToken !== undefined) return await tokenFile(parts, pod, source.serviceAccountToken, mode);
  const kind = Object.keys(source).find((key) => source[key as keyof VolumeProjection] !== undefined) ?? "empty";
  throw new Error(`projected volume source "${kind}" is not supported on this node`);
}

async function tokenFile(
  parts: Parts,
  pod: Pod,
  request: NonNullable<VolumeProjection["serviceAccountToken"]>,
  mode: number,
): Promise<Payload> {
  const { audience = "", expirationSeconds = DEFAULT_TOKEN_SECONDS, path } = request;
  const token = await parts.tokens.token(pod, { audience, expirationSeconds });
  const uid = sharedUser(pod);
  // A token that belongs to one user or group is for nobody else (KEP-1205).
  const isOwned = uid !== undefined || pod.spec.securityContext?.fsGroup !== undefined;
  const data = Buffer.from(token);
  return new Map([[path, { data, mode: isOwned ? 0o600 : mode, ...(uid === undefined ? {} : { uid }) }]]);
}

/** The user that all containers run as, when there is one. */
function sharedUser(pod: Pod): number | undefined {
  const { initContainers = [], containers, ephemeralContainers = [], securityContext } = pod.spec;
  const users = new Set(
    [...initContainers, ...containers, ...ephemeralContainers].map(
      (container) => container.securityContext?.runAsUser ?? securityContext?.runAsUser,
    ),
  );
  return users.size === 1 ? [...users][0] : undefined;
}
