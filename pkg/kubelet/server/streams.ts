import type { CriClient } from "#pkg/cri/index.ts";
import type { PodStatusProvider } from "../types.ts";
import { containerAt, podAt } from "./pod-lookup.ts";
import { proxyUpgrade } from "./proxy-upgrade.ts";
import { HttpError, type Route, type RouteRequest } from "./types.ts";

interface Parts {
  readonly status: PodStatusProvider;
  readonly cri: Pick<CriClient, "runtime">;
}

const METHODS = ["GET", "POST"];

/** /exec/<namespace>/<pod>[/<uid>]/<container>?command=…: runs a command in a container. */
export function execRoute(parts: Parts): Route {
  return streamRoute("/exec", async (request) => {
    const containerId = runningContainer(parts, request);
    const cmd = request.query.getAll("command");
    if (cmd.length === 0) throw new HttpError(400, "you must specify at least 1 command");
    return (await parts.cri.runtime.exec({ containerId, cmd, ...streamsOf(request.query) })).url;
  });
}

/** /attach/<namespace>/<pod>[/<uid>]/<container>: joins the container's main process. */
export function attachRoute(parts: Parts): Route {
  return streamRoute("/attach", async (request) => {
    const containerId = runningContainer(parts, request);
    const { container } = containerAt(parts.status, request.segments);
    const { stdin, stdout, stderr } = streamsOf(request.query);
    // Whether there is a terminal was decided when the container was made.
    const tty = container.tty ?? false;
    const streams = { stdin: stdin && (container.stdin ?? false), stdout, stderr: stderr && !tty, tty };
    return (await parts.cri.runtime.attach({ containerId, ...streams })).url;
  });
}

/** /portForward/<namespace>/<pod>[/<uid>]: carries connections to ports of the pod. */
export function portForwardRoute(parts: Parts): Route {
  return streamRoute("/portForward", async ({ segments, query }) => {
    if (segments.length < 2 || segments.length > 3) throw new HttpError(404, "404 page not found");
    const pod = podAt(parts.status, segments);
    const podSandboxId = parts.status.sandboxId(pod.metadata.namespace ?? "", pod.metadata.name);
    if (podSandboxId === undefined) throw new HttpError(404, `failed to find sandbox of pod "${pod.metadata.name}"`);
    // SPDY says the ports in its streams; WebSocket callers say them in the query.
    const port = query.getAll("port").flatMap((text) => text.split(",").map(portOf));
    return (await parts.cri.runtime.portForward({ podSandboxId, port })).url;
  });
}

function streamRoute(prefix: string, prepare: (request: RouteRequest) => Promise<string | undefined>): Route {
  return {
    prefix,
    methods: METHODS,
    async handle() {
      throw new HttpError(400, "Upgrade request required");
    },
    async upgrade(request, socket, head) {
      const url = await prepare(request);
      if (url === undefined || url === "") throw new HttpError(500, "the container runtime gave no streaming URL");
      await proxyUpgrade(url, request.request, socket, head);
    },
  };
}

function runningContainer({ status }: Parts, { segments }: RouteRequest): string {
  const { pod, container } = containerAt(status, segments);
  const id = status.containerId(pod.metadata.namespace ?? "", pod.metadata.name, container.name);
  if (id === undefined) throw new HttpError(404, `container not found ("${container.name}")`);
  return id;
}

/** The streams that a caller asks for: the kubelet's parameters are input, output, error and tty. */
export function streamsOf(query: URLSearchParams): { stdin: boolean; stdout: boolean; stderr: boolean; tty: boolean } {
  const is = (name: string): boolean => query.get(name) === "1" || query.get(name) === "true";
  const tty = is("tty");
  const streams = { stdin: is("input"), stdout: is("output"), stderr: is("error"), tty };
  if (!streams.stdin && !streams.stdout && !streams.stderr) {
    throw new HttpError(400, "you must specify at least 1 of stdin, stdout, stderr");
  }
  // A terminal has one output: callers that ask for both get it there.
  return tty ? { ...streams, stderr: false } : streams;
}

function portOf(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new HttpError(400, `invalid port "${text}"`);
  return port;
}
