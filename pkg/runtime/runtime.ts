import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { until } from "#pkg/async/index.ts";
import type { CriClient, CriClientOptions } from "#pkg/cri/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import { containerdConfig } from "./containerd-config.ts";
import { ContainerdProcess } from "./containerd-process.ts";
import { findPrograms, searchPath } from "./find-programs.ts";
import { readHostFacts } from "./host-facts.ts";
import { ImageImporter } from "./image-import.ts";
import { buildPauseImage } from "./pause-image.ts";

export interface RuntimeOptions {
  /** minik's data directory; everything here lives in `<dataDir>/agent`. */
  readonly dataDir: string;
  /** The compiled cmd/pause. Not needed with `pauseImage` or `endpoint`. */
  readonly pauseProgram?: Uint8Array;
  /** Use this image, which must be there or be pulled, instead of the built-in one. */
  readonly pauseImage?: string;
  /** "overlayfs" or "native"; found out where absent. */
  readonly snapshotter?: string;
  /** A runtime that somebody else runs, "unix:///run/containerd/containerd.sock": then nothing is supervised. */
  readonly endpoint?: string;
  /** Searched before PATH for containerd, ctr and runc. */
  readonly binDir?: string;
  readonly cniBinDir?: string;
  /** Text of proto/cri-v1.proto, where the sources are not on disk. */
  readonly proto?: string;
  readonly log: Logger;
}

/** A container runtime that is there, and the client that speaks to it. */
export interface ContainerRuntime {
  readonly endpoint: string;
  readonly cri: CriClient;
  /** Where CNI configuration is read from, for pkg/network; undefined with a runtime of somebody else. */
  readonly cniConfDir: string | undefined;
  readonly cniBinDir: string | undefined;
  /** Resolves when pods can be started: CRI answers, pause image and archives are imported. Rejects when `start` failed. */
  ready(signal: AbortSignal): Promise<void>;
  /** Runs until the signal aborts; then containerd is stopped, pods are not. */
  start(signal: AbortSignal): Promise<void>;
}

/** Finds what the machine has; throws a MissingProgramError when it lacks something. Starts nothing yet. */
export async function createRuntime(options: RuntimeOptions): Promise<ContainerRuntime> {
  return options.endpoint === undefined ? await ownRuntime(options) : await foreignRuntime(options, options.endpoint);
}

/** gRPC is loaded where a runtime is used: not by who only looks for its programs. */
async function criClient(options: CriClientOptions): Promise<CriClient> {
  const { createCriClient } = await import("#pkg/cri/index.ts");
  return await createCriClient(options);
}

async function foreignRuntime(options: RuntimeOptions, endpoint: string): Promise<ContainerRuntime> {
  const url = endpoint.startsWith("/") ? `unix://${endpoint}` : endpoint;
  const cri = await criClient({ endpoint: url, ...protoOf(options) });
  return {
    endpoint: url,
    cri,
    cniConfDir: undefined,
    cniBinDir: undefined,
    ready: async (signal) => {
      await until(() => cri.runtime.version({}, { timeoutMs: 2000 }), {
        timeoutMs: 60_000,
        signal,
        what: `the container runtime at ${url}`,
      });
    },
    start: async (signal) => {
      await aborted(signal);
      cri.close();
    },
  };
}

/** sun_path of Linux holds 107 characters. */
const maxSocketPath = 107;

async function ownRuntime(options: RuntimeOptions): Promise<ContainerRuntime> {
  const { log } = options;
  const agentDir = join(options.dataDir, "agent");
  const dir = join(agentDir, "containerd");
  const rootDir = join(dir, "root");
  const runDir = join(agentDir, "run");
  const socket = join(runDir, "containerd.sock");
  if (`${socket}.ttrpc`.length > maxSocketPath) {
    throw new Error(`Cannot use data directory ${options.dataDir}: the path of containerd's socket in it is too long`);
  }
  await mkdir(rootDir, { recursive: true, mode: 0o711 });
  const [programs, host] = await Promise.all([findPrograms(options), readHostFacts(rootDir)]);
  const builtIn =
    options.pauseImage !== undefined || options.pauseProgram === undefined
      ? undefined
      : await buildPauseImage(options.pauseProgram);
  const pauseImage = options.pauseImage ?? builtIn?.name;
  if (pauseImage === undefined) throw new Error("Cannot set up containerd: there is no pause image");
  const snapshotter = options.snapshotter ?? (host.overlayfs ? "overlayfs" : "native");
  const cniConfDir = join(agentDir, "etc/cni/net.d");
  const endpoint = `unix://${socket}`;
  const cri = await criClient({ endpoint, ...protoOf(options) });
  const daemon = new ContainerdProcess({
    containerd: programs.containerd,
    versionText: programs.version.text,
    config: containerdConfig({
      version: programs.version,
      host,
      rootDir,
      stateDir: join(runDir, "containerd"),
      socket,
      snapshotter,
      pauseImage,
      cniBinDir: programs.cniBinDir,
      cniConfDir,
      registryDir: join(agentDir, "etc/containerd/certs.d"),
      runc: programs.runc,
    }),
    dir,
    socket,
    path: searchPath(options.binDir),
    cri,
    log,
  });
  const importer = new ImageImporter({ ctr: programs.ctr, socket, snapshotter, cri, stateDir: dir, log });
  const usable = Promise.withResolvers<void>();
  usable.promise.catch(() => undefined);

  const importAll = async (signal: AbortSignal): Promise<void> => {
    try {
      await Promise.race([daemon.ready, rejectOnAbort(signal)]);
      // Pods wait for both: a pod that came before its image would be put into the back-off of a pull that cannot succeed.
      await Promise.all([
        ...(builtIn === undefined ? [] : [importer.importPause(builtIn, signal)]),
        importer.importDirectory(join(agentDir, "images"), signal),
      ]);
      usable.resolve();
    } catch (err) {
      usable.reject(err);
      if (!signal.aborted) throw err;
    }
  };

  return {
    endpoint,
    cri,
    cniConfDir,
    cniBinDir: programs.cniBinDir,
    ready: async (signal) => await Promise.race([usable.promise, rejectOnAbort(signal)]),
    start: async (signal) => {
      await mkdir(cniConfDir, { recursive: true, mode: 0o700 });
      const stop = new AbortController();
      const either = AbortSignal.any([signal, stop.signal]);
      const parts = [daemon.start(either), importAll(either)].map((part) =>
        part.catch((err: unknown) => {
          stop.abort();
          throw err;
        }),
      );
      const results = await Promise.allSettled(parts);
      cri.close();
      const failure = results.find((result) => result.status === "rejected");
      if (failure !== undefined && !signal.aborted) throw failure.reason as Error;
    },
  };
}

const protoOf = (options: RuntimeOptions): { proto?: string } =>
  options.proto === undefined ? {} : { proto: options.proto };

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

async function rejectOnAbort(signal: AbortSignal): Promise<never> {
  await aborted(signal);
  throw signal.reason as Error;
}
