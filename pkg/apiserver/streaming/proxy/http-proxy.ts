import type { IncomingMessage } from "node:http";
import type { Duplex, Readable } from "node:stream";
import { createGunzip, createInflate } from "node:zlib";
import { serviceUnavailable } from "#pkg/errors/index.ts";
import type { Handler, Reply, RequestContext, UpgradeHandler } from "../../types.ts";
import type { Backend } from "../backend.ts";
import { dialErrorText, hostPort } from "../dial-error.ts";
import { searchOf } from "../query.ts";
import { forwardedHeaders } from "../request-headers.ts";
import { answeredHeaders } from "../response-headers.ts";
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
      return { kind: "bytes", status: 301, headers: { location: `${context.path}/${searchOf(context)}` }, body: "" };
    }
    const location = proxyLocation(reader, context.info, `${rest === "" ? "/" : rest}${searchOf(context)}`);
    const response = await send(backend, location, context, prefix);
    const hosts = [hostPort(location.host, location.port), ...(prefix.host === "" ? [] : [prefix.host])];
    return reply(response, hosts, prefix);
  };
}

/** The same for requests that ask to switch protocols. */
export function createProxyUpgradeHandler({ reader }: Reader, backend: Backend): UpgradeHandler {
  return async (context, request, socket, head) => {
    const { rest } = split(context);
    const location = proxyLocation(reader, context.info, `${rest === "" ? "/" : rest}${searchOf(context)}`);
    await proxyUpgrade(backend, location, request, socket, head, context.signal);
  };
}

async function send(
  backend: Backend,
  location: Location,
  context: RequestContext,
  prefix: Prefix,
): Promise<IncomingMessage> {
  const headers = forwardedHeaders(context.headers);
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

function reply(response: IncomingMessage, backendHosts: readonly string[], prefix: Prefix): Reply {
  const headers = answeredHeaders(response);
  const status = response.statusCode ?? 502;
  const { location } = response.headers;
  if (location !== undefined) {
    headers.location = rewriteUrl(location, backendHosts, prefix);
    return { kind: "stream", status, headers, body: response };
  }
  const page = isPage(response) ? readable(response) : undefined;
  if (page === undefined) return { kind: "stream", status, headers, body: response };
  // It goes out as text of another length.
  delete headers["content-length"];
  delete headers["content-encoding"];
  return { kind: "stream", status, headers, body: rewrittenPage(page, backendHosts, prefix) };
}

const isPage = ({ headers }: IncomingMessage): boolean =>
  /^text\/html\s*(;|$)/i.test(headers["content-type"] ?? "") && headers["content-length"] !== "0";

/** The page's text; undefined for an encoding that is not known, as which it goes through untouched. */
function readable(response: IncomingMessage): Readable | undefined {
  switch ((response.headers["content-encoding"] ?? "").toLowerCase()) {
    case "":
      return response;
    case "gzip":
      return decoded(response, createGunzip());
    case "deflate":
      return decoded(response, createInflate());
    default:
      return undefined;
  }
}

/** A body that breaks breaks the page, which is the answer. */
function decoded(response: IncomingMessage, decoder: Duplex): Readable {
  response.once("error", (err) => decoder.destroy(err));
  return response.pipe(decoder);
}

/** The page in one piece once all of it is there; a page too large for that goes through as it is. */
async function* rewrittenPage(
  page: Readable,
  hosts: readonly string[],
  prefix: Prefix,
): AsyncGenerator<Uint8Array | string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of page) {
    size += (chunk as Buffer).length;
    if (size > MAX_PAGE_BYTES) {
      yield* chunks.splice(0);
      yield chunk as Buffer;
    } else chunks.push(chunk as Buffer);
  }
  if (size <= MAX_PAGE_BYTES) yield rewriteHtml(Buffer.concat(chunks).toString("utf8"), hosts, prefix);
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
