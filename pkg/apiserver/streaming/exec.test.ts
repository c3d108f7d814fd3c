import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import * as http from "node:http";
import type { Duplex } from "node:stream";
import { before, describe, it } from "node:test";
import { WebSocket } from "ws";
import { dataFrame, type Frame, FrameReader } from "./spdy/frame.ts";
import { nodeAt, podNamed, startFront, startKubelet, testCertificates } from "./testing.ts";

const SPDY_ANSWER = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n";

/** The runtime's side of SPDY: accepts all streams, tells them by the type in their headers (which are not compressed). */
function runtimeSide(
  socket: Duplex,
  onData: (
    stream: string,
    payload: Buffer,
    fin: boolean,
    send: (to: string, text: string, fin?: boolean) => void,
  ) => void,
): void {
  socket.on("error", () => {});
  socket.write(SPDY_ANSWER);
  const ids = new Map<string, number>();
  const types = new Map<number, string>();
  const send = (to: string, text: string, fin = false): void => {
    socket.write(dataFrame(ids.get(to) ?? 0, Buffer.from(text), fin));
  };
  const reader = new FrameReader();
  socket.on("data", (chunk: Buffer) => {
    for (const id of openedIn(chunk, types)) {
      ids.set(types.get(id) ?? "", id);
      const reply = Buffer.alloc(12);
      reply.writeUInt16BE(0x8003, 0);
      reply.writeUInt16BE(2, 2);
      reply.writeUInt32BE(4, 4);
      reply.writeUInt32BE(id, 8);
      socket.write(reply);
    }
    for (const frame of reader.push(chunk) as Frame[]) {
      if (frame.kind === "data") onData(types.get(frame.streamId) ?? "?", frame.payload, frame.fin, send);
    }
  });
}

/** Ids of the SYN_STREAM frames in a chunk that holds whole frames, as each of our writes does. */
function openedIn(chunk: Buffer, types: Map<number, string>): number[] {
  const opened: number[] = [];
  for (let at = 0; at + 8 <= chunk.length; at += 8 + chunk.readUIntBE(at + 5, 3)) {
    if (chunk.readUInt32BE(at) !== 0x80030001) continue;
    const id = chunk.readUInt32BE(at + 8);
    const text = chunk.subarray(at, at + 8 + chunk.readUIntBE(at + 5, 3)).toString("latin1");
    types.set(id, /error|stdin|stdout|stderr|resize/.exec(text.slice(text.indexOf("streamtype") + 10))?.[0] ?? "?");
    opened.push(id);
  }
  return opened;
}

describe("pods/exec", () => {
  let tls: Awaited<ReturnType<typeof testCertificates>>;
  before(async () => {
    tls = await testCertificates();
  });
  const noHttp: http.RequestListener = (_request, response) => void response.writeHead(400).end("upgrade only");

  it("leaves a kubelet that does not answer when the caller leaves", async (t) => {
    let asked = Promise.withResolvers<Duplex>();
    const kubelet = await startKubelet(t, tls.server, noHttp, (_request, socket) => asked.resolve(socket));
    const port = await startFront(t, [podNamed("p", ["c"]), nodeAt(kubelet.port)], tls.client);
    for (const protocol of ["v5.channel.k8s.io", "v4.channel.k8s.io"]) {
      const ws = new WebSocket(`ws://127.0.0.1:${port}/api/v1/namespaces/d/pods/p/exec?command=a&stdout=1`, protocol);
      ws.on("error", () => undefined);
      const socket = await asked.promise;
      asked = Promise.withResolvers<Duplex>();
      ws.terminate();
      socket.on("error", () => undefined);
      await new Promise((resolve) => socket.resume().once("close", resolve));
    }
  });

  it("turns WebSocket v5 into SPDY streams, with the end of stdin", async (t) => {
    const kubelet = await startKubelet(t, tls.server, noHttp, (_request, socket) =>
      runtimeSide(socket, (stream, payload, fin, send) => {
        if (stream === "resize") send("stdout", `resized ${payload.toString()}`);
        if (stream !== "stdin") return;
        if (payload.length > 0) send("stdout", payload.toString().toUpperCase());
        if (!fin) return;
        send("stdout", "", true);
        send("error", '{"status":"Success"}', true);
      }),
    );
    const front = await startFront(t, [nodeAt(kubelet.port), podNamed("p", ["c"])], tls.client);
    const query = "command=cat&command=a%20b&stdin=true&stdout=true&stderr=true&tty=true";
    const ws = new WebSocket(`ws://127.0.0.1:${front}/api/v1/namespaces/d/pods/p/exec?${query}`, "v5.channel.k8s.io");
    const received: string[] = [];
    ws.on("message", (data) => received.push((data as Buffer).toString()));
    await once(ws, "open");
    ws.send(Buffer.from("\x04size"));
    ws.send(Buffer.from("\0abc"));
    ws.send(Buffer.from([255, 0]));
    const [code] = await once(ws, "close");
    assert.equal(code, 1000);
    assert.deepEqual(received, ["\x01resized size", "\x01ABC", '\x03{"status":"Success"}']);
    assert.deepEqual(kubelet.seen, ["POST /exec/d/p/c?command=cat&command=a+b&input=1&output=1&error=1&tty=1"]);
  });

  it("reports a runtime that goes away in the middle on the error channel", async (t) => {
    const kubelet = await startKubelet(t, tls.server, noHttp, (_request, socket) =>
      runtimeSide(socket, () => socket.destroy()),
    );
    const front = await startFront(t, [nodeAt(kubelet.port), podNamed("p", ["c"])], tls.client);
    const ws = new WebSocket(
      `ws://127.0.0.1:${front}/api/v1/namespaces/d/pods/p/exec?command=x&stdin=1&stdout=1`,
      "v5.channel.k8s.io",
    );
    await once(ws, "open");
    ws.send(Buffer.from("\0abc"));
    const [data] = await once(ws, "message");
    assert.equal((data as Buffer)[0], 3);
    assert.match((data as Buffer).toString(), /"reason":"InternalError"/);
    await once(ws, "close");
  });

  it("passes SPDY and older WebSockets through, without the caller's credentials", async (t) => {
    let headers: http.IncomingHttpHeaders = {};
    const kubelet = await startKubelet(t, tls.server, noHttp, (request: IncomingMessage, socket, head) => {
      headers = request.headers;
      socket.write(`${SPDY_ANSWER}hello `);
      socket.write(head);
      socket.pipe(socket);
    });
    const front = await startFront(t, [nodeAt(kubelet.port), podNamed("p", ["c"])], tls.client);
    const request = http.request({
      port: front,
      method: "POST",
      path: "/api/v1/namespaces/d/pods/p/exec?command=ls&stdout=true",
      headers: {
        connection: "Upgrade",
        upgrade: "SPDY/3.1",
        authorization: "Bearer secret",
        "x-stream-protocol-version": "v4.channel.k8s.io",
        "sec-websocket-protocol": "v4.channel.k8s.io, base64url.bearer.authorization.k8s.io.c2VjcmV0",
      },
    });
    request.end();
    const [response, socket, head] = (await once(request, "upgrade")) as [IncomingMessage, Duplex, Buffer];
    assert.equal(response.headers.upgrade, "SPDY/3.1");
    assert.equal(headers.authorization, undefined);
    assert.equal(headers["x-stream-protocol-version"], "v4.channel.k8s.io");
    assert.equal(headers["sec-websocket-protocol"], "v4.channel.k8s.io");
    let text = head.toString();
    socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
    socket.write("echo");
    while (!text.endsWith("echo")) await once(socket, "data");
    assert.equal(text, "hello echo");
    socket.destroy();
  });

  it("answers what goes wrong before the switch as a Status", async (t) => {
    const kubelet = await startKubelet(t, tls.server, noHttp, (_request, socket) => {
      socket.end("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone");
    });
    const objects = [nodeAt(kubelet.port), podNamed("p", ["c"]), podNamed("q", ["c"], { nodeName: "" })];
    const front = await startFront(t, objects, tls.client);
    const refusal = async (path: string): Promise<[number | undefined, string]> => {
      const request = http.request({
        port: front,
        path: `/api/v1/namespaces/d/pods/${path}`,
        headers: { connection: "Upgrade", upgrade: "SPDY/3.1" },
      });
      request.end();
      const [response] = (await once(request, "response")) as [IncomingMessage];
      return [response.statusCode, Buffer.concat(await response.toArray()).toString()];
    };
    const [status, text] = await refusal("nope/exec?command=x");
    assert.equal(status, 404);
    assert.match(text, /pods \\"nope\\" not found/);
    assert.match((await refusal("q/exec?command=x"))[1], /pod q does not have a host assigned/);
    assert.deepEqual(await refusal("p/exec?command=x"), [404, "gone"]);
    const plain = await fetch(`http://127.0.0.1:${front}/api/v1/namespaces/d/pods/p/exec?command=x`);
    assert.match(await plain.text(), /Upgrade request required/);
    const unknown = await fetch(`http://127.0.0.1:${front}/api/v1/namespaces/d/pods/p/exec?command=x&container=x`);
    assert.equal(unknown.status, 400);
    assert.match(await unknown.text(), /container x is not valid for pod p/);
  });
});

describe("pods/portforward", () => {
  it("unwraps SPDY from the messages of a WebSocket", async (t) => {
    const tls = await testCertificates();
    const kubelet = await startKubelet(
      t,
      tls.server,
      (_request, response) => void response.end(),
      (_request, socket) => {
        socket.write(SPDY_ANSWER);
        socket.pipe(socket);
      },
    );
    const front = await startFront(t, [nodeAt(kubelet.port), podNamed("p", ["c"])], tls.client);
    // By hand: the library's client refuses the subprotocol's name.
    const request = http.request({
      port: front,
      path: "/api/v1/namespaces/d/pods/p/portforward?ports=80",
      headers: {
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "sec-websocket-protocol": "SPDY/3.1+portforward.k8s.io",
      },
    });
    request.end();
    const [response, socket] = (await once(request, "upgrade")) as [IncomingMessage, Duplex];
    assert.equal(response.headers["sec-websocket-protocol"], "SPDY/3.1+portforward.k8s.io");
    // A binary message, masked with zeros, and its echo.
    socket.write(Buffer.concat([Buffer.from([0x82, 0x85, 0, 0, 0, 0]), Buffer.from("bytes")]));
    const [message] = await once(socket, "data");
    assert.deepEqual(message, Buffer.concat([Buffer.from([0x82, 5]), Buffer.from("bytes")]));
    assert.deepEqual(kubelet.seen, ["POST /portForward/d/p?port=80"]);
    socket.destroy();
  });
});
