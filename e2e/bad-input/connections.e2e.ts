// Connections that no client should make: slow, half-closed, cut, or with frames that the protocol forbids. Each is
// answered as upstream does or closed, and the server goes on as it was.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:http2";
import type { Socket } from "node:net";
import { after, afterEach, before, describe, it } from "node:test";
import { until } from "#pkg/async/index.ts";
import { ControlPlane } from "../lab/index.ts";
import { get, frame, OPENING, WRONG_FRAMES } from "./http2-frames.ts";
import { RawClient, sendAndWait } from "./raw-client.ts";

const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
const MAX_BODY = 3 << 20;
/** Longer than anything here is given. */
const GIVEN_UP_MS = 20_000;
const post = (path: string, length: number, type = "application/json"): string =>
  `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: ${type}\r\ncontent-length: ${length}\r\n\r\n`;

describe("bad connections", () => {
  let server: ControlPlane;
  let client: RawClient;

  before(async () => {
    server = await ControlPlane.start(["--disable-scheduler", "--disable-controller-manager"]);
    client = await RawClient.of(server);
  });
  afterEach(async () => {
    assert.ok(server.isRunning, server.log.slice(-1000));
    assert.equal((await client.call("/readyz")).text, "ok");
  });
  after(async () => {
    const errors = server.log.split("\n").filter((line) => line.includes('"level":"error"'));
    assert.equal(await server.stop(), 0);
    assert.deepEqual(errors, []);
  });

  /** What came back until the other side closed; fails when it does not. */
  const exchange = async (bytes: string | Uint8Array, protocols?: readonly string[]): Promise<string> => {
    const socket = client.tls(protocols);
    const overdue = setTimeout(() => socket.destroy(), GIVEN_UP_MS);
    const { text, ms } = await sendAndWait(socket, bytes);
    clearTimeout(overdue);
    assert.ok(ms < GIVEN_UP_MS, "it is closed by the server");
    return text;
  };
  const opened = async (): Promise<Socket> => {
    const socket = client.tls();
    socket.on("error", () => undefined);
    await once(socket, "secureConnect");
    return socket;
  };

  it("bodies that come byte by byte, or not at all, until the time is over that the request has", async () => {
    const socket = await opened();
    const slowly = setInterval(() => socket.write(" "), 200);
    const slow = sendAndWait(socket, `${post(`${CONFIG_MAPS}?timeout=2s`, 999)}{`);
    const none = exchange(post(`${CONFIG_MAPS}?timeout=2s`, 999));
    assert.match((await slow).text, /^HTTP\/1\.1 504 [^]*"reason":"Timeout"/);
    clearInterval(slowly);
    assert.match(await none, /^HTTP\/1\.1 504 [^]*"reason":"Timeout"/);
  });

  it("sockets that are closed on one side", async () => {
    const whole = await opened();
    whole.end("GET /version HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    assert.match(await rest(whole), /^(HTTP\/1\.1 200 |$)/);
    const part = await opened();
    part.end(`${post(CONFIG_MAPS, 999)}{`);
    assert.match(await rest(part), /^(HTTP\/1\.1 400 |$)/);
    const early = await opened();
    early.end();
    assert.equal(await rest(early), "");
  });

  it("headers that are too many, or no headers", async () => {
    const many = Array.from({ length: 5_000 }, (_, i) => `h${i}: x`).join("\r\n");
    assert.match(
      await exchange(`GET /version HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${many}\r\n\r\n`),
      /^HTTP\/1\.1 (200|431) /,
    );
    for (const wrong of [
      "no colon",
      "a\0b: c",
      "content-length: 1\r\ncontent-length: 2",
      "transfer-encoding: chunked\r\ncontent-length: 3",
      "transfer-encoding: nonsense",
      ": empty",
    ])
      assert.match(
        await exchange(`GET /version HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${wrong}\r\n\r\n`),
        /^HTTP\/1\.1 400 /,
        wrong,
      );
    assert.match(
      await exchange(`POST ${CONFIG_MAPS} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n`),
      /^HTTP\/1\.1 400 /,
    );
  });

  it("uploads that are cut, which keep nothing of the server", async () => {
    for (let i = 0; i < 50; i++) {
      const socket = await opened();
      socket.write(post(CONFIG_MAPS, MAX_BODY) + "x".repeat(100_000));
      socket.destroy();
    }
    await until(
      async () =>
        /apiserver_current_inflight_requests\{request_kind="mutating"\} 0/.test((await client.call("/metrics")).text),
      {
        timeoutMs: GIVEN_UP_MS,
        what: "no request in flight",
      },
    );
  });

  it("bodies of the largest size, and of a byte more", async () => {
    for (const type of ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"]) {
      const send = async (body: string) =>
        await client.call(CONFIG_MAPS, { method: "POST", headers: { "content-type": type }, body });
      const larger = await send("x".repeat(MAX_BODY + 1));
      assert.equal(larger.code, 413);
      assert.equal(larger.status.message, "Request entity too large: limit is 3145728");
      assert.equal((await send("x".repeat(MAX_BODY))).code, 400, type);
    }
  });

  it("bodies that are nested without end", async () => {
    const nested = (depth: number): Buffer => {
      let message = Buffer.alloc(0);
      for (let i = 0; i < depth; i++) {
        const length: number[] = [];
        for (let left = message.length; ; left >>= 7) {
          length.push(left < 128 ? left : (left & 0x7f) | 0x80);
          if (left < 128) break;
        }
        message = Buffer.concat([Buffer.from([0x0a, ...length]), message]);
      }
      return Buffer.concat([Buffer.from("k8s\0"), message]);
    };
    for (const [type, body] of [
      ["application/yaml", "- ".repeat(1_000_000)],
      ["application/yaml", "[".repeat(1_000_000)],
      ["application/yaml", "{a: ".repeat(500_000)],
      ["application/yaml", "? ".repeat(1_000_000)],
      ["application/json", "[".repeat(3_000_000)],
      ["application/vnd.kubernetes.protobuf", nested(10_000)],
    ] as const) {
      const answer = await client.call(CONFIG_MAPS, { method: "POST", headers: { "content-type": type }, body });
      assert.equal(answer.code, 400, answer.text.slice(0, 300));
      assert.equal(answer.status.reason, "BadRequest");
    }
  });

  it("YAML of the largest size, while others are answered", async (t) => {
    const body = `metadata: {name: x}\nunknown:\n${"- {name: some, value: 12}\n".repeat(MAX_BODY / 26 - 3)}`;
    let sending = true;
    const upload = client
      .call(CONFIG_MAPS, { method: "POST", headers: { "content-type": "application/yaml" }, body })
      .finally(() => (sending = false));
    const waits: number[] = [];
    while (sending) {
      const startedAt = performance.now();
      assert.equal((await client.call("/readyz")).code, 200);
      waits.push(performance.now() - startedAt);
    }
    assert.equal((await upload).code, 201);
    const sorted = waits.toSorted((a, b) => a - b);
    t.diagnostic(
      `${waits.length} requests meanwhile: median ${sorted[waits.length >> 1]?.toFixed()} ms, worst ${sorted.at(-1)?.toFixed()} ms`,
    );
    assert.ok((sorted.at(-1) as number) < 1_000);
  });

  it("aliases that stand for very much", async () => {
    const bomb = Array.from({ length: 10 }, (_, level) => {
      const items = Array(10).fill(level === 0 ? "x" : `*l${level - 1}`);
      return `l${level}: &l${level} [${items.join(",")}]\n`;
    }).join("");
    for (const body of [bomb, `${bomb}# ${"x".repeat(1_000_000)}`]) {
      const startedAt = performance.now();
      const answer = await client.call(CONFIG_MAPS, {
        method: "POST",
        headers: { "content-type": "application/yaml" },
        body,
      });
      assert.equal(answer.code, 400);
      assert.match(answer.status.message ?? "", /document contains excessive aliasing/);
      assert.ok(performance.now() - startedAt < 2_000);
    }
  });

  it("frames that HTTP/2 forbids", async () => {
    for (const [what, frames] of Object.entries(WRONG_FRAMES)) {
      const socket = client.tls(["h2"]);
      const overdue = setTimeout(() => socket.destroy(), GIVEN_UP_MS);
      const { ms } = await sendAndWait(socket, Buffer.concat([OPENING, ...frames]));
      clearTimeout(overdue);
      assert.ok(ms < GIVEN_UP_MS, `${what}: it is closed`);
    }
  });

  it("floods of HTTP/2 frames", async () => {
    const streams = Array.from({ length: 20_000 }, (_, i) => 2 * i + 1);
    for (const flood of [
      Array.from({ length: 50_000 }, () => frame("PING", 0, 0, Buffer.alloc(8))),
      Array.from({ length: 50_000 }, () => frame("SETTINGS", 0, 0)),
      streams.flatMap((id) => [get(id), frame("RST_STREAM", 0, id, Buffer.from([0, 0, 0, 8]))]),
      streams.map(get),
    ]) {
      const socket = client.tls(["h2"]);
      const answered = sendAndWait(socket, Buffer.concat([OPENING, ...flood]));
      assert.equal((await client.call("/readyz")).code, 200, "others are answered meanwhile");
      socket.destroy();
      await answered;
    }
  });

  it("more streams at once than are agreed on", async () => {
    const session = connect(`https://127.0.0.1:${server.port}`, client.tlsOptions);
    const codes = await Promise.all(
      Array.from({ length: 1_000 }, async () => {
        const stream = session.request({ ":path": "/readyz" });
        const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
        stream.resume();
        await once(stream, "end");
        return headers[":status"];
      }),
    );
    session.destroy();
    assert.deepEqual([...new Set(codes)], [200]);
  });

  it("frames of a WebSocket watch that are garbage, or larger than any", async () => {
    const upgrade = [
      `GET ${CONFIG_MAPS}?watch=1 HTTP/1.1`,
      "host: x",
      "connection: Upgrade",
      "upgrade: websocket",
      "sec-websocket-version: 13",
      `sec-websocket-key: ${randomBytes(16).toString("base64")}`,
      "\r\n",
    ].join("\r\n");
    const huge = Buffer.from([0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4]);
    for (const garbage of [Buffer.alloc(5_000, 0xff), huge, Buffer.from([0x81, 0x05, 0x68, 0x65, 0x6c, 0x6c, 0x6f])]) {
      const socket = await opened();
      const overdue = setTimeout(() => socket.destroy(), GIVEN_UP_MS);
      socket.once("data", () => socket.write(garbage));
      const { text, ms } = await sendAndWait(socket, upgrade);
      clearTimeout(overdue);
      assert.match(text, /^HTTP\/1\.1 101 /);
      assert.ok(ms < GIVEN_UP_MS, "it is closed");
    }
    const keyless = upgrade.replace(/sec-websocket-key.*\r\n/, "");
    assert.match(await exchange(keyless), /^HTTP\/1\.1 400 /);
  });

  it("paths that climb", async () => {
    const secrets = "/api/v1/namespaces/kube-system/secrets";
    for (const path of [
      `/api/v1/namespaces/default/../../../..${secrets}`,
      "/api/v1/namespaces/default/pods/x/proxy/../../../secrets",
      "/api/v1/namespaces/default/services/x/proxy/%2e%2e/%2e%2e/secrets",
      "/api/v1/nodes/x/proxy/..%2f..%2fetc",
      `//${secrets}`,
      "/apis/../api/v1/secrets",
    ]) {
      const { code, text } = await client.call(path);
      assert.ok([301, 400, 403, 404, 503].includes(code), `${path}: ${code}`);
      assert.doesNotMatch(text, /SecretList/);
    }
  });
});

/** What a socket still gets until it is closed. */
async function rest(socket: Socket): Promise<string> {
  const overdue = setTimeout(() => socket.destroy(), GIVEN_UP_MS);
  const { text } = await sendAndWait(socket, "");
  clearTimeout(overdue);
  return text;
}
