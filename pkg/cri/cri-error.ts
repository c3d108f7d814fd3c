import { type ServiceError, status } from "@grpc/grpc-js";

/** Names of gRPC codes as Go writes them: "NotFound", "DeadlineExceeded", … */
export type CriCode =
  | "Canceled"
  | "Unknown"
  | "InvalidArgument"
  | "DeadlineExceeded"
  | "NotFound"
  | "AlreadyExists"
  | "PermissionDenied"
  | "ResourceExhausted"
  | "FailedPrecondition"
  | "Aborted"
  | "OutOfRange"
  | "Unimplemented"
  | "Internal"
  | "Unavailable"
  | "DataLoss"
  | "Unauthenticated";

const codes: Readonly<Record<number, CriCode>> = {
  [status.CANCELLED]: "Canceled",
  [status.UNKNOWN]: "Unknown",
  [status.INVALID_ARGUMENT]: "InvalidArgument",
  [status.DEADLINE_EXCEEDED]: "DeadlineExceeded",
  [status.NOT_FOUND]: "NotFound",
  [status.ALREADY_EXISTS]: "AlreadyExists",
  [status.PERMISSION_DENIED]: "PermissionDenied",
  [status.RESOURCE_EXHAUSTED]: "ResourceExhausted",
  [status.FAILED_PRECONDITION]: "FailedPrecondition",
  [status.ABORTED]: "Aborted",
  [status.OUT_OF_RANGE]: "OutOfRange",
  [status.UNIMPLEMENTED]: "Unimplemented",
  [status.INTERNAL]: "Internal",
  [status.UNAVAILABLE]: "Unavailable",
  [status.DATA_LOSS]: "DataLoss",
  [status.UNAUTHENTICATED]: "Unauthenticated",
};

/**
 * A failed call of the runtime. The message is "rpc error: code = NotFound desc = …", as users know it from events of
 * upstream's kubelet; `details` is the runtime's part alone.
 */
export class CriError extends Error {
  readonly code: CriCode;
  readonly details: string;
  readonly method: string;

  constructor(method: string, code: CriCode, details: string, cause?: unknown) {
    super(`rpc error: code = ${code} desc = ${details}`, { cause });
    this.name = "CriError";
    this.code = code;
    this.details = details;
    this.method = method;
  }

  static from(method: string, err: ServiceError): CriError {
    return new CriError(method, codes[err.code] ?? "Unknown", err.details, err);
  }
}

const hasCode = (err: unknown, code: CriCode): boolean => err instanceof CriError && err.code === code;

/** The container, sandbox or image is not there (any more). */
export const isCriNotFound = (err: unknown): boolean => hasCode(err, "NotFound");
/** The runtime does not know the method. */
export const isCriUnimplemented = (err: unknown): boolean => hasCode(err, "Unimplemented");
export const isCriDeadlineExceeded = (err: unknown): boolean => hasCode(err, "DeadlineExceeded");
/** Nobody answers on the socket. */
export const isCriUnavailable = (err: unknown): boolean => hasCode(err, "Unavailable");
