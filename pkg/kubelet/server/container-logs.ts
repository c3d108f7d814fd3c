import { once } from "node:events";
import type { ContainerStatus, PodStatus } from "#pkg/api/types/core-v1.ts";
import type { CriClient } from "#pkg/cri/index.ts";
import { type LogOptions, readContainerLog } from "../logs/read-container-log.ts";
import type { PodStatusProvider } from "../types.ts";
import { containerAt } from "./pod-lookup.ts";
import { HttpError, type Route } from "./types.ts";

interface Parts {
  readonly status: PodStatusProvider;
  readonly cri: Pick<CriClient, "runtime">;
}

/** GET /containerLogs/<namespace>/<pod>/<container>: what a container wrote. */
export function containerLogsRoute(parts: Parts): Route {
  return {
    prefix: "/containerLogs",
    methods: ["GET"],
    async handle({ segments, query, signal }, response) {
      const { pod, container } = containerAt(parts.status, segments);
      const options = logOptions(query, Date.now());
      const previous = isTrue(query, "previous");
      const status = parts.status.podStatus(pod.metadata.uid) ?? pod.status;
      checkState(status, pod.metadata.name, container.name, previous);
      const id = parts.status.containerId(pod.metadata.namespace ?? "", pod.metadata.name, container.name, previous);
      if (id === undefined) throw missing(pod.metadata.name, container.name, previous);
      const found = await parts.cri.runtime.containerStatus({ containerId: id }, { signal });
      const path = found.status?.logPath ?? "";
      if (path === "")
        throw new HttpError(400, `container "${container.name}" in pod "${pod.metadata.name}" has no log`);
      response.writeHead(200, { "content-type": "text/plain", "transfer-encoding": "chunked" });
      // A follower must see that it is connected before the container says something.
      response.flushHeaders();
      const isRunning = async (): Promise<boolean> => {
        const now = await parts.cri.runtime.containerStatus({ containerId: id }, { signal }).catch(() => undefined);
        return now?.status?.state === "CONTAINER_RUNNING";
      };
      for await (const chunk of readContainerLog(path, options, { isRunning, signal })) {
        if (!response.write(chunk)) await once(response, "drain", { signal });
      }
      response.end();
    },
  };
}

/** Reads PodLogOptions from a query. Throws 400 or 422 with upstream's words. */
export function logOptions(query: URLSearchParams, nowMs: number): LogOptions {
  const tailLines = integer(query, "tailLines", 0);
  const limitBytes = integer(query, "limitBytes", 1);
  const sinceSeconds = integer(query, "sinceSeconds", 1);
  const sinceTime = query.get("sinceTime");
  if (sinceTime !== null && sinceSeconds !== undefined) {
    throw new HttpError(422, "at most one of `sinceTime` or `sinceSeconds` may be specified");
  }
  const sinceMs = sinceTime !== null ? Date.parse(sinceTime) : sinceSeconds && nowMs - sinceSeconds * 1000;
  if (sinceMs !== undefined && Number.isNaN(sinceMs))
    throw new HttpError(400, `sinceTime: invalid time "${sinceTime}"`);
  const stream = query.get("stream") ?? "All";
  if (!["All", "Stdout", "Stderr"].includes(stream)) throw new HttpError(422, `stream: unsupported value "${stream}"`);
  return {
    follow: isTrue(query, "follow"),
    timestamps: isTrue(query, "timestamps"),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(stream === "All" ? {} : { stream: stream === "Stdout" ? "stdout" : "stderr" }),
  };
}

function integer(query: URLSearchParams, name: string, least: number): number | undefined {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new HttpError(400, `strconv.ParseInt: parsing "${text}": invalid syntax`);
  // Upstream asks for everything with a negative tail.
  if (name === "tailLines" && value < 0) return undefined;
  if (value < least) throw new HttpError(422, `${name}: Invalid value: ${value}: must be greater than ${least - 1}`);
  return value;
}

const isTrue = (query: URLSearchParams, name: string): boolean => /^(1|t|true)$/i.test(query.get(name) ?? "");

/** Says why there is no log, where the container's state tells (upstream's validateContainerLogStatus). */
function checkState(status: PodStatus | undefined, pod: string, container: string, previous: boolean): void {
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = status ?? {};
  const all: readonly ContainerStatus[] = [
    ...containerStatuses,
    ...initContainerStatuses,
    ...ephemeralContainerStatuses,
  ];
  const found = all.find(({ name }) => name === container);
  if (found === undefined) throw new HttpError(400, `container "${container}" in pod "${pod}" is not available`);
  const last = found.lastState?.terminated?.containerID ?? "";
  if (previous && last === "") throw missing(pod, container, true);
  const waiting = found.state?.waiting;
  if (previous || waiting === undefined || last !== "") return;
  const why =
    waiting.reason === "ErrImagePull"
      ? "image can't be pulled"
      : waiting.reason === "ImagePullBackOff"
        ? "trying and failing to pull image"
        : (waiting.reason ?? "ContainerCreating");
  throw new HttpError(400, `container "${container}" in pod "${pod}" is waiting to start: ${why}`);
}

function missing(pod: string, container: string, previous: boolean): HttpError {
  const what = previous ? "previous terminated container" : "container";
  return new HttpError(400, `${what} "${container}" in pod "${pod}" not found`);
}
