import assert from "node:assert/strict";
import { constants, type ServerHttp2Stream, type SecureServerOptions } from "node:http2";
import { createServer as createTlsServer } from "node:tls";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { before, describe, it, type TestContext } from "node:test";
import { until } from "#pkg/async/index.ts";
import { Connection } from "./connection.ts";
import { encodeHeaders } from "./hpack.ts";
import { Stream } from "./stream.ts";
import {
  type Answer,
  createTestAuthority,
  startHttp2Server,
  type TestAuthority,
  type TestHttp2Server,
} from "./testing.ts";

/** Keeps its answer. */
class Kept extends Stream {
  readonly #done = Promise.withResolvers<Kept>();
  readonly done = this.#done.promise;
  readonly #chunks: Buffer[] = [];

  get text(): string {
    return Buffer.concat(this.#chunks).toString();
  }

  override onStatus(): void {}

  override onData(bytes: Buffer, start: number, end: number): void {
    this.#chunks.push(Buffer.from(bytes.subarray(start, end)));
  }

  override onEnd(error: Error | undefined): void {
    if (error === undefined) this.#done.resolve(this);
    else this.#done.reject(error);
  }
}

function request(path: string, body?: Buffer): Kept {
  const method = body === undefined ? "GET" : "POST";
  return new Kept(encodeHeaders({ ":method": method, ":scheme": "https", ":authority": "a", ":path": path }), body);
}

/** Answers with what was sent. */
async function echo(stream: ServerHttp2Stream): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  stream.respond({ ":status": 200 });
  stream.end(Buffer.concat(chunks));
}

/** Bytes that tell when some of them are lost or exchanged. */
const bytes = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, i) => 97 + ((i * 7 + (i >> 8)) % 26)));

const SOON = { timeoutMs: 5_000, intervalMs: 5 };

describe("Connection", () => {
  let authority: TestAuthority;
  before(async () => {
    authority = await createTestAuthority();
  });

  async function start(
    t: TestContext,
    answer: Answer,
    options?: SecureServerOptions,
  ): Promise<{
    server: TestHttp2Server;
    connection: Connection;
    send: (path: string, body?: Buffer) => Promise<Kept>;
  }> {
    const server = await startHttp2Server(t, authority, answer, options);
    const connection = await Connection.open(server.url, { ca: authority.cert });
    t.after(() => connection.destroy());
    const send = (path: string, body?: Buffer): Promise<Kept> => {
      const stream = request(path, body);
      connection.start(stream);
      return stream.done;
    };
    return { server, connection, send };
  }

  it("reads statuses and bodies", async (t) => {
    const { send } = await start(t, (stream, headers) => {
      stream.respond({ ":status": Number(headers[":path"]?.slice(1)), "content-type": "text/plain", "x-id": "1" });
      stream.end(`said ${headers[":path"]}`);
    });
    for (const status of [200, 201, 202, 301, 400, 401, 404, 409, 422, 429, 500, 503]) {
      const answer = await send(`/${status}`);
      assert.deepEqual([answer.status, answer.text], [status, `said /${status}`]);
    }
  });

  it("reads an answer without a body, one that is announced, and one with trailers", async (t) => {
    const { send } = await start(t, (stream, headers) => {
      if (headers[":path"] === "/empty") return stream.respond({ ":status": 204 }, { endStream: true });
      stream.additionalHeaders({ ":status": 103, link: "</a>" });
      stream.respond({ ":status": 200 }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "x-end": "yes" }));
      stream.end("body");
    });
    assert.deepEqual([(await send("/empty")).status, (await send("/empty")).text], [204, ""]);
    assert.deepEqual([(await send("/trailers")).status, (await send("/trailers")).text], [200, "body"]);
  });

  it("reads headers that come in several frames", async (t) => {
    const { send } = await start(t, (stream) => {
      stream.respond({
        ":status": 409,
        ...Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`x-${i}`, "v".repeat(1_500)])),
      });
      stream.end("after");
    });
    const { status, text } = await send("/");
    assert.deepEqual([status, text], [409, "after"]);
  });

  it("reads padded frames", async (t) => {
    const { send } = await start(t, (stream) => void echo(stream), {
      paddingStrategy: constants.PADDING_STRATEGY_MAX,
    });
    const body = bytes(50_000);
    assert.equal((await send("/", body)).text, body.toString());
  });

  it("allows the server to go on when an answer is larger than the stream's window", async (t) => {
    const body = Buffer.alloc(9 << 20, "x");
    const { send } = await start(t, (stream) => {
      stream.respond({ ":status": 200 });
      stream.end(body);
    });
    assert.equal((await send("/")).text.length, body.length);
  });

  it("waits for the server when bodies are larger than its windows", async (t) => {
    const { send } = await start(t, (stream) => void echo(stream));
    const bodies = [300_000, 65_535, 65_536, 16_384, 16_385, 1].map(bytes);
    const answers = await Promise.all(bodies.map((body) => send("/", body)));
    for (const [i, answer] of answers.entries()) assert.equal(answer.text, bodies[i]?.toString());
  });

  it("keeps to windows that the server makes smaller than usual", async (t) => {
    const { send } = await start(t, (stream) => void echo(stream), { settings: { initialWindowSize: 1_000 } });
    const body = bytes(30_000);
    for (const answer of await Promise.all([send("/", body), send("/", body)]))
      assert.equal(answer.text, body.toString());
  });

  it("carries thousands of requests, many at once, beside one that stays open", async (t) => {
    const { connection, send } = await start(t, (stream, headers) => {
      stream.respond({ ":status": 200 });
      if (headers[":path"] === "/open") stream.write("open");
      else stream.end(headers[":path"]);
    });
    const open = request("/open");
    connection.start(open);
    for (let round = 0; round < 8; round++) {
      const answers = await Promise.all(Array.from({ length: 300 }, (_, i) => send(`/${round}/${i}`)));
      assert.deepEqual(
        answers.map(({ text }) => text),
        Array.from({ length: 300 }, (_, i) => `/${round}/${i}`),
      );
    }
    assert.equal(open.text, "open");
    connection.cancel(open);
  });

  it("has no more streams open than the server allows", async (t) => {
    let now = 0;
    let most = 0;
    const { send } = await start(
      t,
      (stream) => {
        most = Math.max(most, ++now);
        stream.on("close", () => now--);
        setImmediate(() => {
          stream.respond({ ":status": 200 });
          stream.end("ok");
        });
      },
      { settings: { maxConcurrentStreams: 3 } },
    );
    await Promise.all(Array.from({ length: 20 }, () => send("/")));
    assert.ok(most <= 4, `${most} at once`);
  });

  it("answers pings and settings", async (t) => {
    const { server } = await start(t, () => undefined);
    const [session] = server.sessions;
    await new Promise<void>((resolve, reject) => session?.ping((err) => (err === null ? resolve() : reject(err))));
    session?.settings({ initialWindowSize: 100_000 });
    await until(() => session?.pendingSettingsAck === false, { ...SOON, what: "the settings' ACK" });
  });

  it("stops sending a body when the answer does not wait for it", async (t) => {
    const { send } = await start(t, (stream, headers) => {
      if (headers[":path"] === "/small") return void echo(stream);
      stream.respond({ ":status": 413 });
      stream.end("too large");
    });
    const refused = await send("/large", bytes(200_000));
    assert.deepEqual([refused.status, refused.text], [413, "too large"]);
    assert.equal((await send("/small", bytes(10))).status, 200);
  });

  it("resets a stream when its answer is not wanted any more", async (t) => {
    const codes: number[] = [];
    const { connection, send } = await start(t, (stream, headers) => {
      stream.respond({ ":status": 200 });
      if (headers[":path"] === "/other") stream.end();
      else stream.on("close", () => codes.push(stream.rstCode)).write("some");
    });
    const stream = request("/");
    connection.start(stream);
    await until(() => stream.status === 200, { ...SOON, what: "an answer" });
    connection.cancel(stream);
    await until(() => codes.length > 0, { ...SOON, what: "the reset" });
    assert.deepEqual(codes, [constants.NGHTTP2_CANCEL]);
    assert.equal((await send("/other")).status, 200);
  });

  it("fails a stream that the server resets, and no other", async (t) => {
    const { send } = await start(t, (stream, headers) => {
      if (headers[":path"] === "/reset") return stream.close(constants.NGHTTP2_REFUSED_STREAM);
      stream.respond({ ":status": 200 });
      if (headers[":path"] === "/half") stream.write("half", () => stream.destroy(new Error("no more")));
      else stream.end("ok");
    });
    const [refused, half, fine] = await Promise.allSettled([send("/reset"), send("/half"), send("/fine")]);
    assert.match(String((refused as PromiseRejectedResult).reason), /reset the stream: REFUSED_STREAM/);
    assert.match(String((half as PromiseRejectedResult).reason), /reset the stream: INTERNAL_ERROR/);
    assert.equal((fine as PromiseFulfilledResult<Kept>).value.text, "ok");
  });

  it("lets requests end and takes no new ones when the server goes away", async (t) => {
    const streams: ServerHttp2Stream[] = [];
    const { server, send } = await start(t, (stream) => void streams.push(stream));
    const last = send("/last");
    await until(() => streams.length === 1, { ...SOON, what: "the request" });
    server.sessions[0]?.close();
    let refusal = "";
    const refused = (): boolean => {
      send("/late").catch((err: unknown) => (refusal = String(err)));
      return refusal !== "";
    };
    await until(refused, { ...SOON, what: "a refusal" });
    assert.match(refusal, /the server goes away: NO_ERROR/);
    streams[0]?.respond({ ":status": 200 });
    streams[0]?.end("done");
    assert.equal((await last).text, "done");
  });

  it("fails all streams when the connection ends", async (t) => {
    let taken = 0;
    const { server, send } = await start(t, (stream) => {
      stream.respond({ ":status": 200 });
      stream.write("a beginning");
      if (++taken === 3) setImmediate(() => server.sessions[0]?.socket.destroy());
    });
    const all = await Promise.allSettled([send("/1"), send("/2"), send("/3")]);
    for (const one of all) assert.equal(one.status, "rejected");
    await assert.rejects(send("/4"));
  });

  it("fails all streams when it is destroyed", async (t) => {
    const { connection, send } = await start(t, () => undefined);
    const sent = send("/");
    connection.destroy();
    await assert.rejects(sent, /the connection closed/);
    await assert.rejects(send("/"), /the connection closed/);
  });

  it("rejects when the server is not trusted, speaks no HTTP/2, or is not there", async (t) => {
    const { url } = await startHttp2Server(t, authority, () => undefined);
    await assert.rejects(Connection.open(url, {}), /unable to verify|self-signed/);

    const old = createTlsServer({ ...authority.server, ALPNProtocols: [] }, (socket) =>
      socket.on("error", () => undefined),
    );
    old.listen(0, "127.0.0.1");
    await once(old, "listening");
    const { port } = old.address() as AddressInfo;
    await assert.rejects(Connection.open(new URL(`https://127.0.0.1:${port}`), { ca: authority.cert }), /no HTTP\/2/);
    old.close();
    await once(old, "close");
    await assert.rejects(Connection.open(new URL(`https://127.0.0.1:${port}`), {}), { code: "ECONNREFUSED" });
  });
});
