import type * as cri from "./types.ts";

/** One call's limits. Without `timeoutMs` the method's own deadline holds. */
export interface CallOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

type Call<Request, Response> = (request: Request, options?: CallOptions) => Promise<Response>;

/** CRI v1 RuntimeService. Failures reject with a `CriError` that carries the gRPC code and the runtime's words. */
export interface RuntimeService {
  readonly version: Call<cri.VersionRequest, cri.VersionResponse>;
  readonly status: Call<cri.StatusRequest, cri.StatusResponse>;
  readonly runtimeConfig: Call<cri.RuntimeConfigRequest, cri.RuntimeConfigResponse>;
  readonly updateRuntimeConfig: Call<cri.UpdateRuntimeConfigRequest, cri.UpdateRuntimeConfigResponse>;
  readonly runPodSandbox: Call<cri.RunPodSandboxRequest, cri.RunPodSandboxResponse>;
  readonly stopPodSandbox: Call<cri.StopPodSandboxRequest, cri.StopPodSandboxResponse>;
  readonly removePodSandbox: Call<cri.RemovePodSandboxRequest, cri.RemovePodSandboxResponse>;
  readonly podSandboxStatus: Call<cri.PodSandboxStatusRequest, cri.PodSandboxStatusResponse>;
  readonly listPodSandbox: Call<cri.ListPodSandboxRequest, cri.ListPodSandboxResponse>;
  readonly updatePodSandboxResources: Call<cri.UpdatePodSandboxResourcesRequest, cri.UpdatePodSandboxResourcesResponse>;
  readonly podSandboxStats: Call<cri.PodSandboxStatsRequest, cri.PodSandboxStatsResponse>;
  readonly listPodSandboxStats: Call<cri.ListPodSandboxStatsRequest, cri.ListPodSandboxStatsResponse>;
  readonly createContainer: Call<cri.CreateContainerRequest, cri.CreateContainerResponse>;
  readonly startContainer: Call<cri.StartContainerRequest, cri.StartContainerResponse>;
  /** `request.timeout` is the grace period in seconds; the deadline is that plus a margin. */
  readonly stopContainer: Call<cri.StopContainerRequest, cri.StopContainerResponse>;
  readonly removeContainer: Call<cri.RemoveContainerRequest, cri.RemoveContainerResponse>;
  readonly listContainers: Call<cri.ListContainersRequest, cri.ListContainersResponse>;
  readonly containerStatus: Call<cri.ContainerStatusRequest, cri.ContainerStatusResponse>;
  readonly updateContainerResources: Call<cri.UpdateContainerResourcesRequest, cri.UpdateContainerResourcesResponse>;
  readonly reopenContainerLog: Call<cri.ReopenContainerLogRequest, cri.ReopenContainerLogResponse>;
  readonly containerStats: Call<cri.ContainerStatsRequest, cri.ContainerStatsResponse>;
  readonly listContainerStats: Call<cri.ListContainerStatsRequest, cri.ListContainerStatsResponse>;
  /** `request.timeout` in seconds bounds the command (0 does not). */
  readonly execSync: Call<cri.ExecSyncRequest, cri.ExecSyncResponse>;
  readonly exec: Call<cri.ExecRequest, cri.ExecResponse>;
  readonly attach: Call<cri.AttachRequest, cri.AttachResponse>;
  readonly portForward: Call<cri.PortForwardRequest, cri.PortForwardResponse>;
  /** Ends when the signal aborts; rejects when the connection breaks or the runtime has no events ("Unimplemented"). */
  readonly containerEvents: (signal: AbortSignal) => AsyncIterable<cri.ContainerEventResponse>;
}

/** CRI v1 ImageService. */
export interface ImageService {
  readonly listImages: Call<cri.ListImagesRequest, cri.ListImagesResponse>;
  readonly imageStatus: Call<cri.ImageStatusRequest, cri.ImageStatusResponse>;
  readonly pullImage: Call<cri.PullImageRequest, cri.PullImageResponse>;
  readonly removeImage: Call<cri.RemoveImageRequest, cri.RemoveImageResponse>;
  readonly imageFsInfo: Call<cri.ImageFsInfoRequest, cri.ImageFsInfoResponse>;
}

/** What containerd says about tasks on its own event stream, in the namespace of CRI ("k8s.io"). */
export interface TaskEvent {
  /** "/tasks/exit", "/tasks/oom", "/tasks/start", … */
  readonly topic: string;
  readonly containerId: string;
  /** Of an exec where it differs from the container's. */
  readonly execId?: string;
}

export interface CriClient {
  readonly runtime: RuntimeService;
  readonly images: ImageService;
  /** containerd only; rejects with code "Unimplemented" where the endpoint is another runtime. */
  readonly taskEvents: (signal: AbortSignal) => AsyncIterable<TaskEvent>;
  close(): void;
}
