/** A value of the wrong type; `message` is what Go's JSON decoder says about it. The request fails with 400. */
export class DecodeError extends Error {
  readonly code = "DECODE";
  constructor(message: string) {
    super(message);
    this.name = "DecodeError";
  }
}
