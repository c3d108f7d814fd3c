import { readFile } from "node:fs/promises";
import type { CriClient, ImageService, RuntimeService } from "./client-types.ts";
import { GrpcChannel, parseProto } from "./grpc-channel.ts";
import { taskEvents } from "./task-events.ts";
import type { ContainerEventResponse, ExecSyncRequest, StopContainerRequest } from "./types.ts";

export interface CriClientOptions {
  /** "unix:///run/minik/containerd.sock" */
  readonly endpoint: string;
  /** Text of cri-v1.proto; read from the sources where absent (a bundle passes its own). */
  readonly proto?: string;
}

const minuteMs = 60_000;
/** Upstream's --runtime-request-timeout. */
const requestMs = 2 * minuteMs;

/** Connects lazily: the first call finds out whether anybody listens. */
export async function createCriClient(options: CriClientOptions): Promise<CriClient> {
  const text = options.proto ?? (await readFile(new URL("../../proto/cri-v1.proto", import.meta.url), "utf8"));
  const root = parseProto(text);
  const service = root.lookupService("runtime.v1.RuntimeService");
  const imageService = root.lookupService("runtime.v1.ImageService");
  const channel = new GrpcChannel({ endpoint: options.endpoint, metadata: { "containerd-namespace": "k8s.io" } });
  const call = <Request extends object, Response>(name: string, ms: number | ((r: Request) => number) = requestMs) =>
    channel.unary<Request, Response>(service, name, ms);
  const runtime: RuntimeService = {
    version: call("Version", 10_000),
    status: call("Status"),
    runtimeConfig: call("RuntimeConfig"),
    updateRuntimeConfig: call("UpdateRuntimeConfig"),
    runPodSandbox: call("RunPodSandbox", 4 * minuteMs),
    stopPodSandbox: call("StopPodSandbox"),
    removePodSandbox: call("RemovePodSandbox"),
    podSandboxStatus: call("PodSandboxStatus"),
    listPodSandbox: call("ListPodSandbox"),
    updatePodSandboxResources: call("UpdatePodSandboxResources"),
    podSandboxStats: call("PodSandboxStats"),
    listPodSandboxStats: call("ListPodSandboxStats"),
    createContainer: call("CreateContainer"),
    startContainer: call("StartContainer"),
    stopContainer: call("StopContainer", (r: StopContainerRequest) => (r.timeout ?? 0) * 1000 + requestMs),
    removeContainer: call("RemoveContainer"),
    listContainers: call("ListContainers"),
    containerStatus: call("ContainerStatus"),
    updateContainerResources: call("UpdateContainerResources"),
    reopenContainerLog: call("ReopenContainerLog"),
    containerStats: call("ContainerStats"),
    listContainerStats: call("ListContainerStats"),
    execSync: call("ExecSync", (r: ExecSyncRequest) => (r.timeout === 0 ? 0 : (r.timeout ?? 0) * 1000 + requestMs)),
    exec: call("Exec"),
    attach: call("Attach"),
    portForward: call("PortForward"),
    containerEvents: (signal) =>
      channel.stream<object, ContainerEventResponse>(service, "GetContainerEvents", {}, signal),
  };
  const images: ImageService = {
    listImages: channel.unary(imageService, "ListImages", requestMs),
    imageStatus: channel.unary(imageService, "ImageStatus", requestMs),
    // A pull takes as long as it takes; the runtime gives up by itself when no progress is made.
    pullImage: channel.unary(imageService, "PullImage", 0),
    removeImage: channel.unary(imageService, "RemoveImage", requestMs),
    imageFsInfo: channel.unary(imageService, "ImageFsInfo", requestMs),
  };
  return { runtime, images, taskEvents: (signal) => taskEvents(channel, signal), close: () => channel.close() };
}
