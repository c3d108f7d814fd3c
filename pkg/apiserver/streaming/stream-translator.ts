import { once } from "node:events";
import type { WebSocket } from "ws";
import { internalError } from "#pkg/errors/index.ts";
import type { SpdyConnection, SpdyStream } from "./spdy/connection.ts";

/** Channel numbers of v4 and v5.channel.k8s.io: the first byte of each message. */
const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;
/** Unsent bytes at which the runtime is made to wait for a slow caller. */
const HIGH_WATER_BYTES = 1 << 20;

export interface RemoteCommand {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/**
 * Joins a caller's WebSocket (v5.channel.k8s.io: one connection, numbered channels, a CLOSE message to end stdin) to the
 * runtime's SPDY connection (a stream per channel). KEP-4006. Ends when the command has ended and all was handed on, or
 * when either side is gone.
 *
 *   runtime: error ─┬─▶ 3   stdout ─▶ 1   stderr ─▶ 2          caller: 0 ─▶ stdin   4 ─▶ resize   255,0 ─▶ end of stdin
 */
export async function translateStreams(ws: WebSocket, spdy: SpdyConnection, command: RemoteCommand): Promise<void> {
  let status = false;
  const send = (channel: number, payload: Uint8Array): void => {
    if (ws.readyState !== ws.OPEN) return;
    if (channel === CHANNEL.error) status = true;
    ws.send(Buffer.concat([Buffer.from([channel]), payload]), () => {
      if (ws.bufferedAmount < HIGH_WATER_BYTES) spdy.resume();
    });
    if (ws.bufferedAmount >= HIGH_WATER_BYTES) spdy.pause();
  };
  const ends: Promise<void>[] = [];
  const open = (streamType: string, channel?: number): Promise<SpdyStream> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (channel !== undefined) ends.push(promise);
    return spdy.open(
      { streamtype: streamType },
      { onData: (payload) => channel !== undefined && send(channel, payload), onEnd: resolve },
    );
  };

  const left = once(ws, "close");
  ws.on("error", () => ws.terminate());
  const input = new Map<number, SpdyStream>();
  const early = holdMessages(ws);
  try {
    // The order in which the runtime expects them.
    const error = await open("error", CHANNEL.error);
    if (command.stdin) input.set(CHANNEL.stdin, await open("stdin"));
    const output = command.stdout ? await open("stdout", CHANNEL.stdout) : undefined;
    if (command.stderr && !command.tty) await open("stderr", CHANNEL.stderr);
    if (command.tty) input.set(CHANNEL.resize, await open("resize"));
    // Nothing is ever written on these: the runtime waits for their ends.
    error.end();
    output?.end();
    early.release((message) => takeMessage(ws, spdy, input, message));
    await Promise.race([Promise.all(ends), left, spdy.closed]);
  } catch (err) {
    send(CHANNEL.error, Buffer.from(JSON.stringify(internalError(String(err)).toStatus())));
  } finally {
    if (!status && ws.readyState === ws.OPEN) {
      const gone = internalError("the connection to the container runtime ended before the command did");
      send(CHANNEL.error, Buffer.from(JSON.stringify(gone.toStatus())));
    }
    spdy.destroy();
    ws.close(1000);
  }
  await left;
}

/** Keeps messages that arrive before the runtime's streams are open; order is kept. */
function holdMessages(ws: WebSocket): { release(take: (message: Buffer) => void): void } {
  const held: Buffer[] = [];
  let take = (message: Buffer): void => void held.push(message);
  ws.on("message", (data) => take(data as Buffer));
  return {
    release(taker) {
      for (const message of held) taker(message);
      take = taker;
    },
  };
}

function takeMessage(
  ws: WebSocket,
  spdy: SpdyConnection,
  input: ReadonlyMap<number, SpdyStream>,
  message: Buffer,
): void {
  const channel = message[0];
  if (channel === undefined) return;
  if (channel === CHANNEL.close) {
    const closed = message[1];
    if (closed !== undefined) input.get(closed)?.end();
    return;
  }
  const stream = input.get(channel);
  if (stream === undefined || message.length === 1) return;
  if (stream.write(message.subarray(1))) return;
  ws.pause();
  void spdy.drained().then(() => ws.resume());
}
