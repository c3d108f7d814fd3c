import type { IncomingMessage } from "node:http";
import { serviceUnavailable } from "#pkg/errors/index.ts";
import type { Handler, Reply, RequestContext, UpgradeHandler } from "../../types.ts";
import type { Backend } from "../backend.ts";
import { dialErrorText, hostPort } from "../dial-error.ts";
import { forwardedHeaders, isHopByHop } from "../request-headers.ts";
import { sendBody } from "../send-body.ts";
import type { Location, StreamingOptions } from "../types.ts";
import { proxyUpgrade } from "../upgrade-proxy.ts";
import { proxyLocation } from "./location.ts";
import { type Prefix, rewriteHtml, rewriteUrl } from "./rewrite.ts";

const MAX_PAGE_BYTES = 8 * 1024 * 1024;
type Reader = Pick<StreamingOptions, "reader">;

/** pods/proxy, services/proxy and nodes/proxy: any HTTP request, handed on to the backend. */
export function createProxyHandler({ reader }: Reader, backend: Backend): Handler {
  return async (context) => {
    const { prefix, rest } = split(context);
    if (rest === "" && (context.method === "GET" || context.method === "HEAD")) {
      // The backend's own relative links only work below a directory.
      return { kind: "bytes", status: 301, headers: { location: `${context.path}/${search(context)}` }, body: "" };
    }
    const location = proxyLocation(reader, context.info, `${rest === "" ? "/" : rest}${search(context)}`);
    const response = await send(backend, location, context, prefix);
    const asked = prefix.host === "" ? hostPort(location.host, location.port) : prefix.host;
    return reply(response, asked, prefix);
  };
}

/** The same for requests that ask to switch protocols. */
export function createProxyUpgradeHandler({ reader }: Reader, backend: Backend): UpgradeHandler {
  return async (context, request, socket, head) => {
    const { rest } = split(context);
    const location = proxyLocation(reader, context.info, `${rest === "" ? "/" : rest}${search(context)}`);
    await proxyUpgrade(backend, location, request, socket, head);
  };
}

async function send(
  backend: Backend,
  location: Location,
  context: RequestContext,
  prefix: Prefix,
): Promise<IncomingMessage> {
  const headers = forwardedHeaders(context.headers);
  // A page may have to be rewritten, and is then easier to read as it is.
  delete headers["accept-encoding"];
  headers["x-forwarded-uri"] = context.path;
  headers["x-forwarded-proto"] = "https";
  if (prefix.host !== "") headers["x-forwarded-host"] = prefix.host;
  try {
    return await backend.request(location, {
      method: context.method,
      headers,
      signal: context.signal,
      send: (outgoing) => sendBody(outgoing, context),
    });
  } catch (err) {
    const why = dialErrorText(err, location.host, location.port);
    throw serviceUnavailable(`error trying to reach service: ${why}`);
  }
}

async function reply(response: IncomingMessage, backendHost: string, prefix: Prefix): Promise<Reply> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value === undefined || isHopByHop(name, response.headers.connection)) continue;
    headers[name] = value;
  }
  const status = response.statusCode ?? 502;
  const { location } = response.headers;
  if (location !== undefined) {
    headers.location = rewriteUrl(location, backendHost, prefix);
  } else if (
    /^text\/html\s*(;|$)/i.test(response.headers["content-type"] ?? "") &&
    !response.headers["content-encoding"]
  ) {
    delete headers["content-length"];
    return { kind: "stream", status, headers, body: rewrittenPage(response, backendHost, prefix) };
  }
  return { kind: "stream", status, headers, body: response };
}

/** The page in one piece once all of it is there; a page too large for that goes through as it is. */
async function* rewrittenPage(
  response: IncomingMessage,
  host: string,
  prefix: Prefix,
): AsyncGenerator<Uint8Array | string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += (chunk as Buffer).length;
    if (size > MAX_PAGE_BYTES) {
      yield* chunks.splice(0);
      yield chunk as Buffer;
    } else chunks.push(chunk as Buffer);
  }
  if (size <= MAX_PAGE_BYTES) yield rewriteHtml(Buffer.concat(chunks).toString("utf8"), host, prefix);
}

/** The path up to ".../proxy", and what follows it ("" or "/…"), still percent-encoded. */
function split({ path, info, headers }: RequestContext): { prefix: Prefix; rest: string } {
  const depth = info.resource === "nodes" ? 5 : 7;
  const segments = path.split("/");
  const rest = segments.slice(depth + 1);
  const host = String(headers.host ?? headers[":authority"] ?? "");
  return {
    prefix: { path: segments.slice(0, depth + 1).join("/"), host },
    rest: rest.length === 0 ? "" : `/${rest.join("/")}`,
  };
}

function search({ query }: RequestContext): string {
  return query.size === 0 ? "" : `?${query.toString()}`;
}
