import { once } from "node:events";
import {
  createSecureServer,
  type SecureServerOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { IncomingHttpHeaders } from "node:http2";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { createAuthority, issueCertificate, type KeyPair } from "#pkg/pki/index.ts";

export type Answer = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

export interface TestAuthority extends KeyPair {
  readonly server: KeyPair;
}

export async function createTestAuthority(): Promise<TestAuthority> {
  const authority = await createAuthority("test");
  const request = { commonName: "server", ipAddresses: ["127.0.0.1"], usage: "server" } as const;
  return { ...authority, server: await issueCertificate(authority, request) };
}

export interface TestHttp2Server {
  readonly url: URL;
  readonly sessions: readonly ServerHttp2Session[];
}

/** Node's HTTP/2 server over TLS on 127.0.0.1, ended with the test. */
export async function startHttp2Server(
  t: Pick<TestContext, "after">,
  authority: TestAuthority,
  answer: Answer,
  options: SecureServerOptions = {},
): Promise<TestHttp2Server> {
  const sessions: ServerHttp2Session[] = [];
  const server = createSecureServer({ ...authority.server, ...options });
  server.on("session", (session) => {
    sessions.push(session);
    session.on("error", () => undefined);
  });
  server.on("stream", (stream, headers) => {
    stream.on("error", () => undefined);
    answer(stream, headers);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return { url: new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`), sessions };
}
