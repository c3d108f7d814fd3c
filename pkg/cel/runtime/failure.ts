/**
 * A CEL error as a value: `||`, `&&` and quantifiers absorb it, everything else hands it on. Values are cheaper than
 * exceptions, of which a loop could make a million.
 */
export class Failure {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

export const failure = (message: string): Failure => new Failure(message);
