import type { Duplex } from "node:stream";

/** What was read before a side closed has this long to reach the other side. */
const LINGER_MS = 10_000;

/**
 * Copies bytes both ways until both streams are closed. An end is handed on as an end. When one side closes, for whatever
 * reason, what it sent before still reaches the other side, which is closed then.
 */
export async function joinStreams(a: Duplex, b: Duplex): Promise<void> {
  const closed = (stream: Duplex): Promise<void> =>
    new Promise((resolve) => {
      if (stream.closed) resolve();
      else stream.once("close", () => resolve());
    });
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    // Otherwise a socket ends its own side as soon as the other side has said all it has to say.
    from.allowHalfOpen = true;
    // A connection that breaks is how tunnels usually end: "close" follows.
    from.on("error", () => undefined);
    const flushAndClose = (): void => {
      if (to.destroyed) return;
      // A side that will not end keeps no process that has nothing else to do.
      const late = setTimeout(() => to.destroy(), LINGER_MS).unref();
      to.once("close", () => clearTimeout(late));
      if (to.writableFinished) to.destroy();
      else to.end(() => to.destroy());
    };
    if (from.closed) flushAndClose();
    else from.once("close", flushAndClose);
    from.pipe(to);
  }
  await Promise.all([closed(a), closed(b)]);
}
