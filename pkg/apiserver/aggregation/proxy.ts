import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import type { Duplex } from "node:stream";
import { ApiError } from "#pkg/errors/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import { dialErrorText, hostPort } from "../streaming/dial-error.ts";
import { forwardedHeaders, upgradeHeaders } from "../streaming/request-headers.ts";
import { searchOf } from "../streaming/query.ts";
import { sendBody } from "../streaming/send-body.ts";
import { isStale } from "../streaming/stale-connection.ts";
import { handOnRefusal, handOnUpgrade } from "../streaming/upgrade-proxy.ts";
import { writeResponse } from "../streaming/write-response.ts";
import type { Handler, Reply, RequestContext, Route, UpgradeHandler } from "../types.ts";
import { groupVersionOf } from "./group-version.ts";
import { identityHeaders } from "./identity-headers.ts";
import { plainReply } from "./plain-reply.ts";
import { isRedirect, proxiedReply, REDIRECT_REFUSED, textReply } from "./remote-response.ts";
import type { RemoteService } from "./remote-service.ts";
import type { RemoteServices } from "./remote-services.ts";
import type { Endpoint } from "../service-endpoint.ts";

const UNAVAILABLE = "service unavailable";
const CONNECT_TIMEOUT_MS = 30_000;

/** Hands what is asked of a remote group version on to its extension server, as the user who asked. */
export function proxyRoute(remotes: RemoteServices, log: Logger): Route {
  const find = (info: RequestContext["info"]): RemoteService | undefined => {
    if (remotes.size === 0) return undefined;
    const groupVersion = groupVersionOf(info);
    return groupVersion === undefined ? undefined : remotes.find(groupVersion);
  };
  return {
    name: "aggregation",
    matches: (info) => find(info) !== undefined,
    handle: proxyHandler(find, log),
    upgrade: upgradeHandler(find, log),
  };
}

type Find = (info: RequestContext["info"]) => RemoteService | undefined;

function proxyHandler(find: Find, log: Logger): Handler {
  return async (context) => {
    const found = located(find(context.info), log);
    if (found === undefined) return textReply(503, UNAVAILABLE);
    const { remote, at } = found;
    const request = {
      method: context.method,
      path: `${context.path}${searchOf(context)}`,
      headers: { ...forwardedHeaders(context.headers), ...headersFor(context, at) },
      signal: context.signal,
    };
    try {
      return await answerOf(() => remote.request(at, request), context);
    } catch (err) {
      if (err instanceof ApiError) throw err;
      return textReply(503, `error trying to reach service: ${dialErrorText(err, at.host, at.port)}`);
    }
  };
}

async function answerOf(start: () => ClientRequest, context: RequestContext): Promise<Reply> {
  for (;;) {
    const outgoing = start();
    try {
      return await answerTo(outgoing, context);
    } catch (err) {
      if (context.signal.aborted || !isStale(outgoing, err)) throw err;
    }
  }
}

async function answerTo(outgoing: ClientRequest, context: RequestContext): Promise<Reply> {
  const late = connectDeadline(outgoing);
  const { promise: answered, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  outgoing.once("response", resolve);
  outgoing.on("error", reject);
  // The backend may insist on switching protocols that nobody asked for: no error follows.
  outgoing.once("upgrade", (_response, socket) => {
    socket.destroy();
    reject(new Error("unexpected upgrade"));
  });
  try {
    sendBody(outgoing, context);
    const response = await answered;
    return context.bodyStream === undefined ? await plainReply(response, context.info) : proxiedReply(response);
  } finally {
    clearTimeout(late);
  }
}

function upgradeHandler(find: Find, log: Logger): UpgradeHandler {
  return async (context, request, socket, head) => {
    const found = located(find(context.info), log);
    if (found === undefined) return refuse(socket, 503, UNAVAILABLE);
    const { remote, at } = found;
    let answer: { readonly response: IncomingMessage; readonly socket?: Duplex; readonly head?: Buffer };
    try {
      const outgoing = remote.request(at, {
        method: request.method ?? "GET",
        path: `${context.path}${searchOf(context)}`,
        headers: { ...upgradeHeaders(request.headers), ...headersFor(context, at) },
        signal: context.signal,
        ownConnection: true,
      });
      answer = await switched(outgoing);
    } catch (err) {
      return refuse(socket, 503, `error dialing backend: ${dialErrorText(err, at.host, at.port)}`);
    }
    if (answer.socket !== undefined)
      return handOnUpgrade(answer.response, socket, head, answer.socket, answer.head ?? Buffer.alloc(0));
    if (!isRedirect(answer.response)) return handOnRefusal(answer.response, socket);
    answer.response.destroy();
    return refuse(socket, 503, REDIRECT_REFUSED);
  };
}

async function switched(
  outgoing: ClientRequest,
): Promise<{ readonly response: IncomingMessage; readonly socket?: Duplex; readonly head?: Buffer }> {
  const late = connectDeadline(outgoing);
  const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<typeof switched>>>();
  outgoing.once("response", (response: IncomingMessage) => resolve({ response }));
  outgoing.once("upgrade", (response, socket, head) => resolve({ response, socket, head }));
  outgoing.on("error", reject);
  outgoing.end();
  try {
    return await promise;
  } finally {
    clearTimeout(late);
  }
}

function located(
  remote: RemoteService | undefined,
  log: Logger,
): { readonly remote: RemoteService; readonly at: Endpoint } | undefined {
  if (remote?.available !== true) return undefined;
  try {
    return { remote, at: remote.locate() };
  } catch (err) {
    log.debug("no endpoint for an APIService", { apiservice: remote.name, err });
    return undefined;
  }
}

/** The user who asks, and the host that is asked. */
const headersFor = ({ user }: RequestContext, { host, port }: Endpoint): OutgoingHttpHeaders => ({
  host: hostPort(host, port),
  ...identityHeaders(user),
});

function connectDeadline(outgoing: ClientRequest): NodeJS.Timeout {
  const late = setTimeout(
    () => outgoing.destroy(Object.assign(new Error("i/o timeout"), { code: "ETIMEDOUT" })),
    CONNECT_TIMEOUT_MS,
  );
  outgoing.once("socket", (socket) => {
    if (!socket.connecting) clearTimeout(late);
    else socket.once("secureConnect", () => clearTimeout(late));
  });
  return late;
}

function refuse(socket: Duplex, status: number, message: string): void {
  const { headers, body } = textReply(status, message);
  writeResponse(socket, status, Object.entries(headers), body);
}
