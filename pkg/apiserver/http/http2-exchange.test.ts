import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, constants, createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { Http2Request, Http2Response } from "./http2-exchange.ts";

describe("Http2Response", () => {
  it("is closed when its caller cancels without an error before it has taken the answer", async () => {
    const server = createServer();
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    server.on("stream", (stream) => {
      const response = new Http2Response(stream);
      response.once("close", resolve);
      response.writeHead(200, {});
      response.end(Buffer.alloc(4 << 20));
      response.ignoreBody();
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const stream = session.request({ ":path": "/" });
    await once(stream, "response");
    stream.close(constants.NGHTTP2_NO_ERROR);
    await closed;
    session.destroy();
    server.close();
  });

  it("drops headers that belong to an HTTP/1.1 connection", async () => {
    const server = createServer();
    server.on("stream", (stream, headers) => {
      const request = new Http2Request(stream, headers);
      const response = new Http2Response(stream);
      response.writeHead(201, { "transfer-encoding": "chunked", connection: "keep-alive", "x-kept": request.url });
      response.end(`${request.method} ${response.statusCode} ${response.headersSent}`);
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const stream = session.request({ ":path": "/a?b=c" });
    const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
    let text = "";
    for await (const chunk of stream) text += String(chunk);
    session.close();
    server.close();
    assert.equal(text, "GET 201 true");
    assert.equal(headers[":status"], 201);
    assert.equal(headers["x-kept"], "/a?b=c");
    assert.equal(headers["connection"], undefined);
  });
});
