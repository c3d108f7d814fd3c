// The API over HTTPS, as tests of this folder and of others reach it; and the servers that it calls itself.
import { once } from "node:events";
import { type ClientHttp2Session, connect } from "node:http2";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { createAuthority, issueCertificate, type KeyPair } from "#pkg/pki/index.ts";
import type { TestServer } from "../testing.ts";
import type { ListenOptions } from "./listen-https.ts";

/** What a TLS client needs. */
export interface ClientTls extends KeyPair {
  readonly ca: string;
}

export interface TestListener {
  readonly port: number;
  /** Of the server's certificate and of those of clients. */
  readonly authority: KeyPair;
  tlsOf(commonName: string, organizations?: readonly string[]): Promise<ClientTls>;
  /** HTTP/2 as this user. */
  session(commonName: string, organizations?: readonly string[]): Promise<ClientHttp2Session>;
}

/** Lets a test server listen on 127.0.0.1. Sessions and the listener end with the test server. */
export async function listenForTest(
  { server, onClose }: Pick<TestServer, "server" | "onClose">,
  options: Partial<ListenOptions> = {},
): Promise<TestListener> {
  const authority = await createAuthority("test");
  const names = { commonName: "minik", dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"] };
  const serving = await issueCertificate(authority, { ...names, usage: "server" });
  const tls = { ...serving, clientAuthorities: authority.cert };
  const { port } = await server.listen({ host: "127.0.0.1", port: 0, tls, ...options });
  const tlsOf: TestListener["tlsOf"] = async (commonName, organizations = []) => ({
    ...(await issueCertificate(authority, { commonName, organizations, usage: "client" })),
    ca: authority.cert,
  });
  return {
    port,
    authority,
    tlsOf,
    async session(...user) {
      // Node's own clients send less than others unless told.
      const options = { ...(await tlsOf(...user)), maxSendHeaderBlockLength: 1 << 20 };
      const session = connect(`https://127.0.0.1:${port}`, options);
      onClose(() => session.destroy());
      return session;
    },
  };
}

export const ROOT = ["root", ["system:masters"]] as const;

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, any>; // oxlint-disable-line no-explicit-any -- whatever was answered
  readonly body: Buffer;
  readonly text: string;
  /** Undefined where the answer is no JSON. */
  readonly json: any; // oxlint-disable-line no-explicit-any -- whatever was answered
}

export interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Uint8Array;
}

export async function call(on: ClientHttp2Session, path: string, options: Call = {}): Promise<Answer> {
  const { method = "GET", headers, body } = options;
  const stream = on.request({ ":method": method, ":path": path, ...headers }, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  const [answered] = (await once(stream, "response")) as [Record<string, unknown>];
  const all = Buffer.concat(await stream.toArray());
  const text = all.toString();
  const isJson = String(answered["content-type"]).startsWith("application/json") && !answered["content-encoding"];
  return {
    status: Number(answered[":status"]),
    headers: answered,
    body: all,
    text,
    json: isJson ? JSON.parse(text) : undefined,
  };
}

export interface OwnServer {
  readonly server: https.Server;
  readonly port: number;
  /** Its certificate's authority, PEM in base64. */
  readonly caBundle: string;
  close(): Promise<void>;
}

/** An HTTPS server on 127.0.0.1 with a certificate of an authority of its own; ends with the test. */
export async function startOwnServer(
  t: Pick<TestContext, "after">,
  names: {
    readonly commonName: string;
    readonly dnsNames?: readonly string[];
    readonly ipAddresses?: readonly string[];
  },
  { port, ...options }: https.ServerOptions & { readonly port?: number } = {},
): Promise<OwnServer> {
  // Of another name than the certificate, which would be taken for its own issuer.
  const authority = await createAuthority("authority of a test's server");
  const pair = await issueCertificate(authority, { ...names, usage: "server" });
  const server = https.createServer({ ...pair, ...options });
  server.listen(port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  };
  t.after(close);
  const caBundle = Buffer.from(authority.cert).toString("base64");
  return { server, port: (server.address() as AddressInfo).port, caBundle, close };
}
