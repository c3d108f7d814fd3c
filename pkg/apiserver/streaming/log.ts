import type { IncomingMessage } from "node:http";
import { ApiError, badRequest, internalError } from "#pkg/errors/index.ts";
import type { Handler } from "../types.ts";
import type { Backend } from "./backend.ts";
import { dialErrorText, hostPort } from "./dial-error.ts";
import { kubeletLocation } from "./kubelet-location.ts";
import { kubeletLogQuery } from "./log-options.ts";
import { containerOf, podOf } from "./pod-container.ts";
import type { StreamingOptions } from "./types.ts";

const MAX_ERROR_BYTES = 50_000;
const TEXT = { "content-type": "text/plain" };

/** GET pods/log: the kubelet's bytes as they come, until it ends or the caller leaves. */
export function createLogHandler({ reader }: Pick<StreamingOptions, "reader">, backend: Backend): Handler {
  return async ({ info, method, query, signal }) => {
    if (method !== "GET") {
      throw new ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
    }
    const asked = kubeletLogQuery(query, info.name);
    const pod = podOf(reader, info);
    const container = containerOf(pod, query.get("container") ?? "");
    const { nodeName = "" } = pod.spec ?? {};
    // A pod without a node has no log yet: upstream answers nothing, successfully.
    if (nodeName === "") return { kind: "bytes", status: 200, headers: TEXT, body: "" };
    const path = `/containerLogs/${info.namespace}/${info.name}/${container}`;
    const search = asked.size === 0 ? "" : `?${asked.toString()}`;
    const location = kubeletLocation(reader, nodeName, `${path}${search}`);

    let response: IncomingMessage;
    try {
      response = await backend.request(location, { method: "GET", headers: {}, signal });
    } catch (err) {
      const address = `https://${hostPort(location.host, location.port)}${location.path}`;
      const why = dialErrorText(err, location.host, location.port);
      throw new ApiError(500, "Unknown", `Get ${JSON.stringify(address)}: ${why}`);
    }
    const status = response.statusCode ?? 500;
    if (status < 200 || status > 206) throw kubeletError(status, await textOf(response), info.name);
    return { kind: "stream", status: 200, headers: TEXT, body: response };
  };
}

/** The kubelet's refusal in the form in which upstream hands it on. */
function kubeletError(status: number, text: string, name: string): ApiError {
  if (status === 400) return badRequest(text);
  if (status === 404) {
    const message = `the server could not find the requested resource ( pods/log ${name})`;
    return new ApiError(404, "NotFound", message, { name, kind: "pods/log" });
  }
  if (status === 500) return internalError(text);
  return new ApiError(status, "Unknown", text);
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of response) {
    text += String(chunk);
    if (text.length > MAX_ERROR_BYTES) break;
  }
  return text.slice(0, MAX_ERROR_BYTES).trimEnd();
}
