import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { after, before, describe, it } from "node:test";
import { joinStreams } from "./join-streams.ts";

/** Two connected sockets of this machine. */
async function pair(): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const near = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", allowHalfOpen: true });
  const [far] = (await once(server, "connection")) as [Socket];
  server.close();
  return [near, far];
}

describe("joinStreams", () => {
  let sockets: Socket[] = [];
  before(() => {
    sockets = [];
  });
  after(() => {
    for (const socket of sockets) socket.destroy();
  });
  const joined = async (): Promise<{ client: Socket; backend: Socket; done: Promise<void> }> => {
    const [client, a] = await pair();
    const [b, backend] = await pair();
    sockets.push(client, a, b, backend);
    return { client, backend, done: joinStreams(a, b) };
  };

  it("hands on everything a side sent before it closed, to a slow reader too", async () => {
    const { client, backend, done } = await joined();
    const sent = Buffer.alloc(8 << 20, "x");
    backend.end(sent);
    backend.once("finish", () => backend.destroySoon());
    let size = 0;
    for await (const chunk of client) {
      size += (chunk as Buffer).length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(size, sent.length);
    client.destroy();
    await done;
  });

  it("hands on an end without closing the other way", async () => {
    const { client, backend, done } = await joined();
    client.end("question");
    let question = "";
    for await (const chunk of backend) question += String(chunk);
    backend.end("answer");
    let answer = "";
    for await (const chunk of client) answer += String(chunk);
    assert.deepEqual([question, answer], ["question", "answer"]);
    await done;
  });

  it("closes both when one breaks", async () => {
    const { client, backend, done } = await joined();
    client.resetAndDestroy();
    backend.on("error", () => undefined);
    backend.resume();
    await once(backend, "end");
    await done;
  });
});
