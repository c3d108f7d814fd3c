import { badRequest } from "#pkg/errors/index.ts";
import type { Handler, ObjectReader, Route, UpgradeHandler } from "../types.ts";
import { Backend } from "./backend.ts";
import { createExecHandler } from "./exec.ts";
import { createLogHandler } from "./log.ts";
import { containerOf, nodeNameOf, podOf } from "./pod-container.ts";
import { createPortForwardHandler } from "./port-forward.ts";
import { createProxyHandler, createProxyUpgradeHandler } from "./proxy/http-proxy.ts";
import type { StreamingOptions } from "./types.ts";

const PROXIED: ReadonlySet<string> = new Set(["pods", "services", "nodes"]);

/** The subresources of pods, services and nodes that end at a node instead of in the store. */
export function streamingRoutes(options: StreamingOptions): readonly Route[] {
  const backend = new Backend(options);
  const ofPod = (subresource: string, handle: Handler, upgrade?: UpgradeHandler): Route => ({
    name: `pods/${subresource}`,
    matches: (info) => info.group === "" && info.resource === "pods" && info.subresource === subresource,
    handle,
    ...(upgrade === undefined ? {} : { upgrade, connects: true }),
  });
  return [
    ofPod("log", createLogHandler(options, backend)),
    ofPod("exec", upgradeRequired(options.reader, true), createExecHandler(options, backend, "exec")),
    ofPod("attach", upgradeRequired(options.reader, true), createExecHandler(options, backend, "attach")),
    ofPod("portforward", upgradeRequired(options.reader, false), createPortForwardHandler(options, backend)),
    {
      name: "proxy",
      matches: (info) => info.group === "" && info.subresource === "proxy" && PROXIED.has(info.resource),
      handle: createProxyHandler(options, backend),
      upgrade: createProxyUpgradeHandler(options, backend),
      connects: true,
    },
  ];
}

/** What a request that does not ask to switch protocols is told: first what else is wrong with it, as upstream. */
function upgradeRequired(reader: ObjectReader, ofContainer: boolean): Handler {
  return async ({ info, query }) => {
    const pod = podOf(reader, info);
    if (ofContainer) containerOf(pod, query.get("container") ?? "");
    nodeNameOf(pod);
    throw badRequest("Upgrade request required");
  };
}
