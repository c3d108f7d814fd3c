/** A failure that the user can mend: printed as one line, exit code 1. */
export class UserError extends Error {
  readonly code = "USER_ERROR";
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "UserError";
  }
}
