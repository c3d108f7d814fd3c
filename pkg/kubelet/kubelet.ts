import { readdir } from "node:fs/promises";
import { isAbort, sleep } from "#pkg/async/index.ts";
import { nodes, type Pod, pods, services } from "#pkg/api/types/core-v1.ts";
import { type Client, EventRecorder, InformerFactory } from "#pkg/client/index.ts";
import type { CriClient } from "#pkg/cri/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import { runtimeclasses } from "#pkg/api/types/node-v1.ts";
import { createPodEnvironment } from "./create-pod-environment.ts";
import type { ClusterDns } from "./dns-config.ts";
import { EvictionManager } from "./eviction/eviction-manager.ts";
import { LocalStorageLimits } from "./eviction/local-storage-limits.ts";
import { ContainerGc } from "./gc/container-gc.ts";
import { ImageGc } from "./gc/image-gc.ts";
import { LogRotator } from "./log-rotator.ts";
import { readMachine } from "./node/machine.ts";
import type { NodeHealth } from "./node/node-conditions.ts";
import { NodeLease } from "./node/node-lease.ts";
import { type NodeOptions, nodeStatus } from "./node/node-object.ts";
import { NodeReporter } from "./node/node-reporter.ts";
import { PodDirs } from "./pod-dirs.ts";
import { PodEvents } from "./pod-events.ts";
import { NodePods } from "./node-pods.ts";
import { KubeletPodSyncer } from "./pod-syncer.ts";
import { PodWorkers } from "./pod-workers.ts";
import { ProbeManager } from "./probes/probe-manager.ts";
import { Prober } from "./probes/prober.ts";
import { ContainerKiller } from "./runtime/container-killer.ts";
import { ContainerStarter } from "./runtime/container-starter.ts";
import { ImageManager } from "./runtime/image-manager.ts";
import { LifecycleHooks } from "./runtime/lifecycle-hooks.ts";
import { Pleg } from "./runtime/pleg.ts";
import { PodRuntime, podOfObserved } from "./runtime/pod-runtime.ts";
import { RuntimeCache } from "./runtime/runtime-cache.ts";
import { RuntimeStatus } from "./runtime/runtime-status.ts";
import { WaitingReasons } from "./runtime/waiting-reasons.ts";
import { UsageCollector } from "./server/usage-collector.ts";
import { StatusManager } from "./status/status-manager.ts";
import { StatusProvider } from "./status/status-provider.ts";
import type { PodSource, PodStatusProvider } from "./types.ts";

export interface KubeletOptions extends NodeOptions {
  readonly client: Client;
  readonly cri: CriClient;
  readonly log: Logger;
  /** "<data dir>/agent/kubelet" */
  readonly root: string;
  /** "<data dir>/agent/logs/pods" or "/var/log/pods" */
  readonly logRoot: string;
  readonly clusterDns: ClusterDns;
  /** Where kubepods lies below the cgroup mount points: "/" unless told. */
  readonly cgroupRoot?: string;
  readonly resolvConf?: string;
  /** Pods that run without the API: manifests in a directory, or behind a URL. */
  readonly sources?: readonly PodSource[];
  /** Never removed by image garbage collection. */
  readonly pauseImage?: string;
}

export interface Kubelet {
  /** For the kubelet's HTTPS server. */
  readonly status: PodStatusProvider;
  /** Runs until the signal aborts; containers keep running. */
  start(signal: AbortSignal): Promise<void>;
}

/** How many images are pulled at once. */
const maxParallelPulls = 5;
/** How often leftovers are looked for: dead containers, directories of pods that are gone. */
const cleanupMs = 60_000;

/** Builds the node agent; nothing happens before `start`. */
export async function createKubelet(options: KubeletOptions): Promise<Kubelet> {
  const { client, cri, log, nodeName } = options;
  const machine = await readMachine(options.root);
  const recorder = new EventRecorder({ client, log, component: "kubelet", host: nodeName });
  const events = new PodEvents({ recorder });
  const informers = new InformerFactory({ client, log });
  const podInformer = informers.informer(pods, { fieldSelector: `spec.nodeName=${nodeName}` });
  const serviceInformer = informers.informer(services);
  const nodeInformer = informers.informer(nodes, { fieldSelector: `metadata.name=${nodeName}` });
  const sources = options.sources ?? [];
  const nodePods = new NodePods({ client, log, sourceCount: sources.length });
  const environment = await createPodEnvironment({
    client,
    log,
    root: options.root,
    logRoot: options.logRoot,
    clusterDns: options.clusterDns,
    services: () => {
      if (!serviceInformer.hasSynced)
        throw new Error("services have not yet been read at least once, cannot construct envvars");
      return serviceInformer.lister.values();
    },
    hostIPs: () => options.nodeIPs,
    allocatable: () => nodeStatus(options, machine, { version: "", images: [], handlers: undefined }).allocatable ?? {},
    event: (pod, type, reason, message) =>
      type === "Normal" ? events.normal(pod, reason, message) : events.warning(pod, reason, message),
    changed: (uid) => poke(uid),
    pods: { byUid: (uid) => withStatus(nodePods.byUid(uid)) },
    ...(options.cgroupRoot === undefined ? {} : { cgroupRoot: options.cgroupRoot }),
    ...(options.resolvConf === undefined ? {} : { resolvConf: options.resolvConf }),
  });
  const cache = new RuntimeCache({ cri });
  const waiting = new WaitingReasons();
  const statuses = new StatusManager({ client, log });
  const withStatus = (pod: Pod | undefined): Pod | undefined => {
    const status = pod === undefined ? undefined : statuses.get(pod.metadata.uid);
    return pod === undefined || status === undefined ? pod : { ...pod, status };
  };
  const runtimeStatus = new RuntimeStatus({ cri, changed: () => reporter.wake() });
  const hooks = new LifecycleHooks({ cri });
  const images = new ImageManager({ cri, events, maxParallelPulls });
  const killer = new ContainerKiller({ cri, events, hooks, log });
  const starter = new ContainerStarter({ cri, cache, environment, events, hooks });
  const handlerOf = async ({ spec }: Pod): Promise<string> => {
    if (spec.runtimeClassName === undefined || spec.runtimeClassName === "") return "";
    return (await client.get(runtimeclasses, { name: spec.runtimeClassName })).handler;
  };
  const runtime = new PodRuntime({ cri, cache, environment, images, starter, killer, events, waiting, handlerOf, log });
  const poke = (uid: string): void => {
    if (workers.has(uid)) workers.poke(uid);
    else adoptOrphan(uid);
  };
  const probes = new ProbeManager({
    prober: new Prober({ cri }),
    events,
    changed: poke,
    hostIPs: options.nodeIPs,
    log,
  });
  const pleg = new Pleg({ cri, cache, changed: poke, log });
  const syncer = new KubeletPodSyncer({
    cache,
    runtime,
    environment,
    probes,
    statuses,
    waiting,
    events,
    runtimeName: () => runtimeStatus.name,
    hostIPs: options.nodeIPs,
    networkProblem: () => runtimeStatus.networkProblem,
    admission: () => ({
      node: nodeInformer.lister.get({ name: nodeName }) ?? reporter.node,
      pressures: [
        ...(eviction.isUnderPressure("memory") ? ["MemoryPressure"] : []),
        ...(eviction.isUnderPressure("ephemeral-storage") ? ["DiskPressure"] : []),
      ],
      active: nodePods
        .list()
        .filter((pod) => workers.isActive(pod.metadata.uid) && syncer.isAdmitted(pod.metadata.uid)),
    }),
    apiPod: (pod) => nodePods.apiPod(pod),
  });
  const workers = new PodWorkers({ syncer, log });
  const health = async (): Promise<NodeHealth> => ({
    ...(await runtimeStatus.refresh()),
    plegProblem: pleg.health(Date.now()),
    memoryPressure: eviction.isUnderPressure("memory"),
    diskPressure: eviction.isUnderPressure("ephemeral-storage"),
    pidPressure: false,
  });
  const reporter = new NodeReporter({ client, cri, options, machine, health, recorder, log });
  const lease = new NodeLease({ client, nodeName, node: () => reporter.node, log });
  const containerGc = new ContainerGc({ cri, cache, environment, pods: nodePods, log });
  const imageGc = new ImageGc({ cri, root: options.root, keep: options.pauseImage, log });
  const usage = new UsageCollector({ cri, root: options.root });
  const eviction = new EvictionManager({
    read: async () => {
      const { memory, fs, pods: used } = await usage.collect();
      return {
        memoryAvailableBytes: memory.availableBytes,
        diskAvailableBytes: fs.availableBytes,
        diskCapacityBytes: fs.capacityBytes,
        inodesFree: fs.inodesFree,
        inodes: fs.inodes,
        pods: used,
      };
    },
    active: () => nodePods.list().filter((pod) => workers.isActive(pod.metadata.uid)),
    evict: (pod, failure) => workers.end(pod, failure),
    reclaimDisk: async () => {
      await containerGc.collect();
      await imageGc.collect(true);
    },
    changed: () => reporter.wake(),
    events,
    log,
  });
  runtimeStatus.onNetworkReady(() => workers.pokeAll());

  /** A pod that runs here and that no source has. Only known for sure once every source has spoken. */
  const adoptOrphan = (uid: string): void => {
    if (!podInformer.hasSynced || !nodePods.sourcesKnown || nodePods.byUid(uid) !== undefined) return;
    const observed = cache.last(uid);
    if (observed.sandboxes.length + observed.containers.length > 0) workers.orphan(podOfObserved(observed));
  };

  nodePods.follow(podInformer, {
    updated: (pod) => {
      workers.update(pod);
      statuses.reconcile(pod);
    },
    statusChanged: (pod, conditions) => {
      workers.refresh(pod);
      if (conditions) workers.poke(pod.metadata.uid);
      statuses.reconcile(pod);
    },
    removed: (pod) => workers.remove(pod.metadata.uid),
  });

  const cleanUp = async (signal: AbortSignal): Promise<void> => {
    if (!nodePods.sourcesKnown) return;
    for (const observed of cache.pods()) adoptIfUnknown(observed.uid);
    for (const uid of await environment.podsOnDisk()) {
      if (workers.has(uid) || nodePods.byUid(uid) !== undefined) continue;
      await environment.cleanup(uid, signal);
    }
    for (const directory of await readdir(options.logRoot).catch(() => [])) {
      const uid = directory.slice(directory.lastIndexOf("_") + 1);
      if (!workers.has(uid) && nodePods.byUid(uid) === undefined) await environment.removePodLogs(uid);
    }
    await containerGc.collect();
    await imageGc.collect();
  };
  const adoptIfUnknown = (uid: string): void => {
    if (!workers.has(uid)) adoptOrphan(uid);
  };

  const housekeeping = async (signal: AbortSignal): Promise<void> => {
    await podInformer.synced(signal);
    while (!signal.aborted) {
      await cleanUp(signal).catch((err: unknown) => {
        if (!signal.aborted) log.warn("clean-up failed", { err });
      });
      await sleep(cleanupMs, signal);
    }
  };

  const storageLimits = new LocalStorageLimits({
    dirs: new PodDirs(options),
    active: () => nodePods.list().filter((pod) => workers.isActive(pod.metadata.uid)),
    layers: async (uid) => {
      const used = (await usage.collect()).pods.find((pod) => pod.uid === uid);
      return new Map((used?.containers ?? []).map(({ name, diskBytes }) => [name, diskBytes]));
    },
    evict: (pod, failure) => workers.end(pod, failure),
    events,
    log,
  });

  const status = new StatusProvider({ pods: nodePods, statuses, cache, pleg });
  const logRotator = new LogRotator({ cri, status, dirs: new PodDirs(options), log });

  return {
    status,
    start: async (signal) => {
      await pleg.relist();
      await runtimeStatus.refresh();
      const quietly = async (part: Promise<void>): Promise<void> => {
        await part.catch((err: unknown) => {
          if (!(signal.aborted && isAbort(err))) throw err;
        });
      };
      await Promise.all(
        [
          environment.start(signal),
          informers.start(signal),
          pleg.start(signal),
          reporter.start(signal),
          lease.start(signal),
          housekeeping(signal),
          eviction.start(signal),
          storageLimits.start(signal),
          logRotator.start(signal),
          ...sources.map((source, index) => source.start(signal, (found) => nodePods.replaceSource(index, found))),
        ].map(quietly),
      );
      await workers.close();
      await probes.close();
      await statuses.close();
      await recorder.close();
    },
  };
}
