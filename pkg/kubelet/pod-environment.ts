import { randomBytes } from "node:crypto";
import { chmod, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Pod, Secret, Service } from "#pkg/api/types/core-v1.ts";
import type { ContainerConfig, Mount, PodSandboxConfig } from "#pkg/cri/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import type { PodCgroups } from "./cgroups.ts";
import { containerConfig } from "./container-config.ts";
import { volumeDevices, volumeMounts } from "./container-mounts.ts";
import { type ClusterDns, parseResolvConf, podDns } from "./dns-config.ts";
import { containerEnv } from "./env.ts";
import { etcHosts } from "./etc-hosts.ts";
import { podHostname } from "./hostname.ts";
import type { Mounter } from "./mounter.ts";
import type { ObjectCache } from "./object-cache.ts";
import type { PodDirs } from "./pod-dirs.ts";
import { removeTree } from "./remove-tree.ts";
import { containerResources, type ResourceFacts } from "./resources.ts";
import { sandboxConfig } from "./sandbox-config.ts";
import { bindSubPath, readInside } from "./subpath.ts";
import type { TokenManager } from "./token-manager.ts";
import type { AnyContainer, ContainerContext, PodEnvironment } from "./types.ts";
import type { VolumeManager } from "./volumes/volume-manager.ts";

const ETC_HOSTS = "/etc/hosts";
const PRIVATE = "PROPAGATION_PRIVATE";

/** What a pod's environment is made from. `createPodEnvironment` puts the managers together. */
export interface PodEnvironmentParts {
  readonly log: Logger;
  readonly dirs: PodDirs;
  readonly mounter: Mounter;
  readonly cgroups: PodCgroups;
  readonly objects: ObjectCache;
  readonly tokens: TokenManager;
  readonly volumes: VolumeManager;
  readonly clusterDns: ClusterDns;
  /** The node's resolv.conf: "/etc/resolv.conf". */
  readonly resolvConf: string;
  readonly seccompRoot: string;
  readonly resourceFacts: ResourceFacts;
  /** Whether the runtime can make mounts recursively read-only. */
  readonly recursiveReadOnly: boolean;
  /** All Services; throws while they have not been read once. */
  readonly services: () => Iterable<Service>;
  readonly hostIPs: () => readonly string[];
  readonly allocatable: () => Readonly<Record<string, string>>;
  readonly event: (pod: Pod, type: "Normal" | "Warning", reason: string, message: string) => void;
  /** Amounts of the node that all pods together may use. */
  readonly nodeLimits: { readonly memoryBytes?: number; readonly milliCpu?: number };
}

/** Makes and removes what pods are made of, in the managers it is given. */
export class NodePodEnvironment implements PodEnvironment {
  readonly #parts: PodEnvironmentParts;
  readonly #ready = Promise.withResolvers<void>();
  readonly #prepared = new Set<string>();

  constructor(parts: PodEnvironmentParts) {
    this.#parts = parts;
    // Whoever waits for it gets the failure; when nobody does, start() rejects with it.
    this.#ready.promise.catch(() => undefined);
  }

  async start(signal: AbortSignal): Promise<void> {
    const { dirs, cgroups, nodeLimits, objects, volumes } = this.#parts;
    try {
      await Promise.all([
        this.#mountTmpfs(),
        cgroups.start(nodeLimits),
        mkdir(dirs.pods, { recursive: true, mode: 0o750 }),
      ]);
      this.#ready.resolve();
    } catch (err) {
      this.#ready.reject(err);
      throw err;
    }
    await Promise.all([objects.start(signal), volumes.start(signal)]);
  }

  async prepare(pod: Pod, signal: AbortSignal): Promise<void> {
    const { dirs, cgroups, objects, volumes } = this.#parts;
    await this.#ready.promise;
    const uid = pod.metadata.uid;
    objects.retain(pod);
    if (!this.#prepared.has(uid)) {
      // First of all: what is left of a pod is found by this directory.
      await mkdir(dirs.pod(uid), { recursive: true, mode: 0o750 });
      await Promise.all([mkdir(this.#logDirectory(pod), { recursive: true, mode: 0o755 }), cgroups.ensure(pod)]);
      this.#prepared.add(uid);
    }
    await volumes.setUp(pod, signal);
  }

  async sandboxConfig(pod: Pod): Promise<PodSandboxConfig> {
    const { cgroups, clusterDns, event, resolvConf, seccompRoot } = this.#parts;
    const host = parseResolvConf(await readFile(resolvConf, "utf8").catch(() => ""));
    const { problem, ...dns } = podDns(pod, clusterDns, host);
    if (problem !== undefined) event(pod, "Warning", problem.reason, problem.message);
    return sandboxConfig(pod, {
      logDirectory: this.#logDirectory(pod),
      cgroupParent: cgroups.parentOf(pod),
      clusterDomain: clusterDns.domain,
      dns,
      seccompRoot,
    });
  }

  async containerConfig(pod: Pod, container: AnyContainer, context: ContainerContext): Promise<ContainerConfig> {
    const parts = this.#parts;
    const uid = pod.metadata.uid;
    const env = await containerEnv(pod, container, {
      objects: parts.objects,
      services: parts.services(),
      podIPs: context.podIPs,
      hostIPs: parts.hostIPs(),
      allocatable: parts.allocatable(),
      readVolumeFile: async (volume, path) => {
        const mounted = parts.volumes.volume(uid, volume);
        return mounted === undefined ? undefined : await readInside(mounted.hostPath, path);
      },
      onInvalidNames: (message) => parts.event(pod, "Warning", "InvalidEnvironmentVariableNames", message),
    });
    const sources = {
      env,
      recursiveReadOnly: parts.recursiveReadOnly,
      volume: (name: string) => parts.volumes.volume(uid, name),
    };
    const [mounts, hosts, message] = await Promise.all([
      volumeMounts(container, {
        ...sources,
        bindSubPath: async (volume, name, subPath, index) => {
          const target = parts.dirs.subPath(uid, name, container.name, index);
          await bindSubPath(parts.mounter, { volume: volume.hostPath, subPath, target });
          return target;
        },
      }),
      this.#hostsMount(pod, container, context.podIPs),
      this.#messageMount(uid, container),
      mkdir(join(this.#logDirectory(pod), container.name), { recursive: true, mode: 0o755 }),
    ]);
    return containerConfig(pod, container, {
      imageRef: context.imageRef,
      attempt: context.attempt,
      env,
      mounts: [...mounts, ...hosts, ...message],
      devices: volumeDevices(container, sources),
      resources: containerResources(pod, container, parts.resourceFacts),
      security: {
        seccompRoot: parts.seccompRoot,
        volumeGroups: parts.volumes.groups(uid),
        ...(context.imageUid === undefined ? {} : { imageUid: context.imageUid }),
        ...(context.imageUsername === undefined ? {} : { imageUsername: context.imageUsername }),
        ...(context.targetContainerId === undefined ? {} : { targetContainerId: context.targetContainerId }),
      },
    });
  }

  async pullSecrets(pod: Pod): Promise<readonly Secret[]> {
    const names = (pod.spec.imagePullSecrets ?? []).map(({ name = "" }) => name);
    const namespace = pod.metadata.namespace ?? "";
    const found = await Promise.all(names.map((name) => this.#parts.objects.secret(namespace, name)));
    return found.filter((secret) => secret !== undefined);
  }

  async cleanup(podUid: string): Promise<void> {
    const { cgroups, dirs, mounter, objects, tokens, volumes } = this.#parts;
    this.#prepared.delete(podUid);
    await volumes.forget(podUid);
    objects.release(podUid);
    tokens.forget(podUid);
    await Promise.all([cgroups.remove(podUid), removeTree(mounter, dirs.podTmpfs(podUid))]);
    // Last: as long as it is there the pod is found again.
    await removeTree(mounter, dirs.pod(podUid));
  }

  async podsOnDisk(): Promise<readonly string[]> {
    const { dirs } = this.#parts;
    const names = await Promise.all([dirs.pods, dirs.tmpfs].map(async (dir) => await readdir(dir).catch(() => [])));
    return [...new Set(names.flat())];
  }

  async removeContainerLogs(
    pod: { readonly namespace: string; readonly name: string; readonly uid: string },
    container: string,
    attempt: number,
  ): Promise<void> {
    const dir = join(this.#parts.dirs.logs(pod), container);
    const names = await readdir(dir).catch(() => []);
    // The current file and the rotated ones: "0.log", "0.log.20260102-030405", "….gz".
    const own = names.filter((name) => name === `${attempt}.log` || name.startsWith(`${attempt}.log.`));
    await Promise.all(own.map((name) => rm(join(dir, name), { force: true })));
  }

  async removePodLogs(podUid: string): Promise<void> {
    const { logRoot } = this.#parts.dirs;
    const names = await readdir(logRoot).catch(() => []);
    const own = names.filter((name) => name.endsWith(`_${podUid}`));
    await Promise.all(own.map((name) => rm(join(logRoot, name), { recursive: true, force: true })));
  }

  #logDirectory(pod: Pod): string {
    const { namespace = "", name, uid } = pod.metadata;
    return this.#parts.dirs.logs({ namespace, name, uid });
  }

  /** One tmpfs holds the secrets of all pods; without swap where the kernel can promise that. */
  async #mountTmpfs(): Promise<void> {
    const { dirs, mounter } = this.#parts;
    await mkdir(dirs.tmpfs, { recursive: true, mode: 0o750 });
    if ((await mounter.below(dirs.tmpfs)).includes(dirs.tmpfs)) return;
    const options = ["nosuid", "nodev", "mode=750"];
    await mounter.mount("tmpfs", "tmpfs", dirs.tmpfs, [...options, "noswap"]).catch(async () => {
      await mounter.mount("tmpfs", "tmpfs", dirs.tmpfs, options);
    });
  }

  /** The pod's /etc/hosts, unless the container brings its own or there is no address yet to write into it. */
  async #hostsMount(pod: Pod, container: AnyContainer, podIPs: readonly string[]): Promise<Mount[]> {
    const isOwn = (container.volumeMounts ?? []).some(({ mountPath }) => join("/", mountPath) === ETC_HOSTS);
    const onHost = pod.spec.hostNetwork === true;
    if (isOwn || (podIPs.length === 0 && !onHost)) return [];
    const { clusterDns, dirs } = this.#parts;
    const hostText = onHost ? await readFile(ETC_HOSTS, "utf8").catch(() => "") : "";
    const path = dirs.etcHosts(pod.metadata.uid);
    const text = etcHosts(pod, podIPs, podHostname(pod, clusterDns.domain), hostText);
    // In place: running containers have this very file mounted.
    if ((await readFile(path, "utf8").catch(() => undefined)) !== text) await writeFile(path, text, { mode: 0o644 });
    return [{ containerPath: ETC_HOSTS, hostPath: path, readonly: false, selinuxRelabel: true, propagation: PRIVATE }];
  }

  /** A fresh file per instance, which any user of the container may write its last words to. */
  async #messageMount(uid: string, container: AnyContainer): Promise<Mount[]> {
    const containerPath = container.terminationMessagePath ?? "/dev/termination-log";
    if (containerPath === "") return [];
    const dir = this.#parts.dirs.container(uid, container.name);
    await mkdir(dir, { recursive: true, mode: 0o750 });
    const hostPath = join(dir, randomBytes(4).toString("hex"));
    await writeFile(hostPath, "");
    await chmod(hostPath, 0o666);
    return [{ containerPath, hostPath, readonly: false, selinuxRelabel: true, propagation: PRIVATE }];
  }
}
