import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:http2";
import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { after, before, describe, it } from "node:test";
import { createAuthority, issueCertificate, type KeyPair } from "#pkg/pki/index.ts";
import { startTestServer, type TestServer } from "../testing.ts";
import type { Route } from "../types.ts";
import type { RunningListener } from "./listen-https.ts";

const COOKIES = ["a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "b=2"];

describe("a stream reply", () => {
  let test: TestServer;
  let listener: RunningListener;
  let admin: KeyPair & { readonly ca: string };
  const speak = Promise.withResolvers<string>();
  const silent: Route = {
    name: "silent",
    matches: ({ path }) => path === "/silent",
    async handle() {
      const body = (async function* () {
        yield await speak.promise;
      })();
      return { kind: "stream", status: 200, headers: { "set-cookie": COOKIES }, body };
    },
  };
  before(async () => {
    test = await startTestServer(undefined, { routes: () => [silent] });
    const authority = await createAuthority("test");
    const names = { commonName: "minik", dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"] };
    const serving = await issueCertificate(authority, { ...names, usage: "server" });
    const client = { commonName: "admin", organizations: ["system:masters"] };
    admin = { ...(await issueCertificate(authority, { ...client, usage: "client" })), ca: authority.cert };
    const tls = { ...serving, clientAuthorities: authority.cert };
    listener = await test.server.listen({ host: "127.0.0.1", port: 0, tls });
  });
  after(() => test.close());

  it("sends its headers, each cookie on its own, before there is a body", async () => {
    const request = httpsRequest({ host: "127.0.0.1", port: listener.port, path: "/silent", agent: false, ...admin });
    request.end();
    const [response] = (await once(request, "response")) as [IncomingMessage];
    assert.deepEqual(response.headers["set-cookie"], COOKIES);

    const session = connect(`https://127.0.0.1:${listener.port}`, admin);
    const stream = session.request({ ":path": "/silent" });
    const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
    assert.deepEqual(headers["set-cookie"], COOKIES);

    speak.resolve("now");
    const bodies = await Promise.all([response.toArray(), stream.toArray()]);
    assert.deepEqual(
      bodies.map((chunks) => Buffer.concat(chunks).toString()),
      ["now", "now"],
    );
    session.destroy();
  });
});
