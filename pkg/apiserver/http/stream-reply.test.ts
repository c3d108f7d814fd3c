import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:http2";
import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { after, before, describe, it } from "node:test";
import { startTestServer, type TestServer } from "../testing.ts";
import type { Route } from "../types.ts";
import { type ClientTls, listenForTest, ROOT, type TestListener } from "./testing.ts";

const COOKIES = ["a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "b=2"];

describe("a stream reply", () => {
  let test: TestServer;
  let at: TestListener;
  let admin: ClientTls;
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
    at = await listenForTest(test);
    admin = await at.tlsOf(...ROOT);
  });
  after(() => test.close());

  it("sends its headers, each cookie on its own, before there is a body", async () => {
    const request = httpsRequest({ host: "127.0.0.1", port: at.port, path: "/silent", agent: false, ...admin });
    request.end();
    const [response] = (await once(request, "response")) as [IncomingMessage];
    assert.deepEqual(response.headers["set-cookie"], COOKIES);

    const session = connect(`https://127.0.0.1:${at.port}`, admin);
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
