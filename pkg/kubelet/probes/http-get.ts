import { type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";

export interface HttpGetTarget {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export interface HttpGetAnswer {
  readonly statusCode: number;
  /** At most 10 KiB of it. */
  readonly body: string;
  /** Where a redirect led to another host, which is not followed. */
  readonly redirectedTo?: string;
}

const maxBodyBytes = 10 * 1024;
const maxRedirects = 10;

/** One GET as probes and lifecycle hooks do it: no certificate is checked, redirects stay on the host. */
export async function httpGet(target: HttpGetTarget, signal?: AbortSignal): Promise<HttpGetAnswer> {
  const deadline = AbortSignal.timeout(target.timeoutMs);
  const either = signal === undefined ? deadline : AbortSignal.any([deadline, signal]);
  let { url } = target;
  try {
    for (let redirects = 0; ; redirects++) {
      const { answer, location } = await once(url, target.headers, either);
      if (location === undefined) return answer;
      const next = new URL(location, url);
      if (next.hostname !== url.hostname) return { ...answer, redirectedTo: next.href };
      if (redirects >= maxRedirects) throw new Error(`Get "${url.href}": stopped after ${maxRedirects} redirects`);
      url = next;
    }
  } catch (err) {
    if (deadline.aborted) {
      const why = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
      throw new Error(`Get "${url.href}": ${why}`, { cause: err });
    }
    throw new Error(`Get "${url.href}": ${connectionFailure(err, url.hostname, portOf(url))}`, { cause: err });
  }
}

async function once(
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<{ readonly answer: HttpGetAnswer; readonly location?: string }> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = { method: "GET", headers, agent: false, signal } as const;
    const sent: ClientRequest =
      url.protocol === "https:"
        ? httpsRequest(url, { ...options, rejectUnauthorized: false })
        : httpRequest(url, options);
    sent.on("response", resolve);
    sent.on("error", reject);
    sent.end();
  });
  const body = await readSome(response);
  const statusCode = response.statusCode ?? 0;
  const { location } = response.headers;
  const isRedirect = statusCode >= 300 && statusCode < 400 && location !== undefined;
  return { answer: { statusCode, body }, ...(isRedirect ? { location } : {}) };
}

async function readSome(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length >= maxBodyBytes) break;
  }
  response.destroy();
  return Buffer.concat(chunks).subarray(0, maxBodyBytes).toString("utf8");
}

const portOf = (url: URL): string => (url.port !== "" ? url.port : url.protocol === "https:" ? "443" : "80");

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  EHOSTUNREACH: "no route to host",
  ENETUNREACH: "network is unreachable",
  ETIMEDOUT: "i/o timeout",
};

/** A failed connection in the words that users of upstream's kubelet know. */
export function connectionFailure(err: unknown, host: string, port: string | number): string {
  const { code, message } = err as NodeJS.ErrnoException;
  const word = code === undefined ? undefined : words[code];
  return word === undefined ? message : `dial tcp ${host}:${port}: connect: ${word}`;
}
