/** One request and its answer. The fields are the connection's book-keeping; the methods tell who asked how it goes. */
export abstract class Stream {
  readonly headers: Buffer;
  readonly body: Buffer | undefined;
  /** 0 until it is sent. */
  id = 0;
  /** 0 until the answer has begun. */
  status = 0;
  /** Bytes of the body that are sent, and that may be sent before the server allows more. */
  sent = 0;
  sendWindow = 0;
  /** Bytes that came since the server was last allowed more. */
  received = 0;

  /** `headers` as `encodeHeaders` makes them. */
  constructor(headers: Buffer, body: Buffer | undefined) {
    this.headers = headers;
    this.body = body;
  }

  abstract onStatus(status: number): void;
  /** Part of the answer's body: `bytes` from `start` to `end`, which hold only during the call. */
  abstract onData(bytes: Buffer, start: number, end: number): void;
  /** Once: the whole answer is there, or never will be because of `error`. */
  abstract onEnd(error: Error | undefined): void;
}
