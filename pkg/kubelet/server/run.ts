import type { CriClient } from "#pkg/cri/index.ts";
import type { PodStatusProvider } from "../types.ts";
import { containerAt } from "./pod-lookup.ts";
import { HttpError, type Route } from "./types.ts";

const TIMEOUT_SECONDS = 120;

/** POST /run/<namespace>/<pod>[/<uid>]/<container>?cmd=…: runs a command and answers with its output. */
export function runRoute(parts: {
  readonly status: PodStatusProvider;
  readonly cri: Pick<CriClient, "runtime">;
}): Route {
  return {
    prefix: "/run",
    methods: ["POST"],
    async handle({ segments, query, signal }, response) {
      const { pod, container } = containerAt(parts.status, segments);
      const containerId = parts.status.containerId(pod.metadata.namespace ?? "", pod.metadata.name, container.name);
      if (containerId === undefined) throw new HttpError(404, `container not found ("${container.name}")`);
      const cmd = (query.get("cmd") ?? "").split(" ").filter((word) => word !== "");
      if (cmd.length === 0) throw new HttpError(400, "cmd is missing");
      const result = await parts.cri.runtime.execSync({ containerId, cmd, timeout: TIMEOUT_SECONDS }, { signal });
      const output = Buffer.concat([result.stdout ?? Buffer.alloc(0), result.stderr ?? Buffer.alloc(0)]);
      if ((result.exitCode ?? 0) !== 0) {
        throw new HttpError(500, `command '${cmd.join(" ")}' exited with ${result.exitCode}: ${output.toString()}`);
      }
      response.writeHead(200, { "content-type": "text/plain" }).end(output);
    },
  };
}
