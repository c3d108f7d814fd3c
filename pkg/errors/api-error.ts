import type { ListMeta, Status, StatusCause, StatusDetails } from "#pkg/api/types/meta-v1.ts";

/** Reasons of metav1.Status that clients match on (API conventions, "Response Status Kind"). */
export type StatusReason =
  | "AlreadyExists"
  | "BadRequest"
  | "Conflict"
  | "Expired"
  | "Forbidden"
  | "Gone"
  | "InternalError"
  | "Invalid"
  | "MethodNotAllowed"
  | "NotAcceptable"
  | "NotFound"
  | "RequestEntityTooLarge"
  | "ServerTimeout"
  | "ServiceUnavailable"
  | "Timeout"
  | "TooManyRequests"
  | "Unauthorized"
  | "UnsupportedMediaType"
  | "Unknown";

/** An answer to an API caller that becomes a metav1.Status; thrown by the server, and by every client transport. */
export class ApiError extends Error {
  readonly code: number;
  readonly reason: StatusReason;
  readonly details: StatusDetails | undefined;
  /** Of the Status: an expired list names there where it can go on. */
  readonly metadata: ListMeta;

  constructor(code: number, reason: StatusReason, message: string, details?: StatusDetails, metadata: ListMeta = {}) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.reason = reason;
    this.details = details;
    this.metadata = metadata;
  }

  toStatus(): Status {
    return {
      kind: "Status",
      apiVersion: "v1",
      metadata: this.metadata,
      status: "Failure",
      message: this.message,
      // Upstream's unknown reason is the empty string, which is left out.
      ...(this.reason === "Unknown" ? {} : { reason: this.reason }),
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    };
  }

  static fromStatus(status: Status): ApiError {
    return new ApiError(
      status.code ?? 500,
      (status.reason ?? "Unknown") as StatusReason,
      status.message ?? "unknown error",
      status.details,
      status.metadata,
    );
  }
}

const has = (err: unknown, ...reasons: StatusReason[]): boolean =>
  err instanceof ApiError && reasons.includes(err.reason);
export const isNotFound = (err: unknown): boolean => has(err, "NotFound");
export const isAlreadyExists = (err: unknown): boolean => has(err, "AlreadyExists");
export const isConflict = (err: unknown): boolean => has(err, "Conflict");
export const isInvalid = (err: unknown): boolean => has(err, "Invalid");
export const isForbidden = (err: unknown): boolean => has(err, "Forbidden");
/** The revision asked for is gone: list again and watch from there. */
export const isExpired = (err: unknown): boolean => has(err, "Expired", "Gone");
export const isTooManyRequests = (err: unknown): boolean => has(err, "TooManyRequests");

/** "deployments.apps" as Status messages name resources. */
export interface GroupResource {
  readonly group: string;
  readonly plural: string;
}
const named = (r: GroupResource): string => (r.group === "" ? r.plural : `${r.plural}.${r.group}`);
const detailsOf = (r: GroupResource, name: string, causes?: readonly StatusCause[]): StatusDetails => ({
  ...(name === "" ? {} : { name }),
  ...(r.group === "" ? {} : { group: r.group }),
  kind: r.plural,
  ...(causes === undefined ? {} : { causes }),
});

export const notFound = (r: GroupResource, name: string): ApiError =>
  new ApiError(404, "NotFound", `${named(r)} "${name}" not found`, detailsOf(r, name));
export const alreadyExists = (r: GroupResource, name: string): ApiError =>
  new ApiError(409, "AlreadyExists", `${named(r)} "${name}" already exists`, detailsOf(r, name));
export const conflict = (r: GroupResource, name: string, why: string): ApiError =>
  new ApiError(409, "Conflict", `Operation cannot be fulfilled on ${named(r)} "${name}": ${why}`, detailsOf(r, name));
/** The message of a lost compare-and-swap, which clients match on. */
export const MODIFIED = "the object has been modified; please apply your changes to the latest version and try again";
export const badRequest = (message: string): ApiError => new ApiError(400, "BadRequest", message);
export const forbidden = (r: GroupResource, name: string, why: string): ApiError =>
  new ApiError(
    403,
    "Forbidden",
    `${named(r)}${name === "" ? "" : ` "${name}"`} is forbidden: ${why}`,
    detailsOf(r, name),
  );
export const unauthorized = (): ApiError => new ApiError(401, "Unauthorized", "Unauthorized");
export const methodNotAllowed = (r: GroupResource, verb: string): ApiError =>
  new ApiError(
    405,
    "MethodNotAllowed",
    `${verb} is not supported on resources of kind "${named(r)}"`,
    detailsOf(r, ""),
  );
export const expired = (message: string): ApiError => new ApiError(410, "Expired", message);
export const internalError = (message: string): ApiError =>
  new ApiError(500, "InternalError", `Internal error occurred: ${message}`, {
    causes: [{ message }],
  });
export const serviceUnavailable = (message: string): ApiError => new ApiError(503, "ServiceUnavailable", message);
export const serverTimeout = (r: GroupResource, operation: string, retryAfterSeconds: number): ApiError =>
  new ApiError(
    500,
    "ServerTimeout",
    `The ${operation} operation against ${named(r)} could not be completed at this time, please try again.`,
    {
      ...detailsOf(r, ""),
      retryAfterSeconds,
    },
  );
/** 422 with one cause per field, as `field.ErrorList` aggregates. `kind` is the object's Kind. */
export function invalid(group: string, kind: string, name: string, errors: readonly FieldError[]): ApiError {
  const lines = errors.map((e) => `${e.field}: ${e.message}`);
  const text = lines.length === 1 ? (lines[0] as string) : `[${lines.join(", ")}]`;
  return new ApiError(422, "Invalid", `${group === "" ? kind : `${kind}.${group}`} "${name}" is invalid: ${text}`, {
    ...(name === "" ? {} : { name }),
    ...(group === "" ? {} : { group }),
    kind,
    causes: errors.map((e) => ({ reason: e.reason, message: e.message, field: e.field })),
  });
}

/** One finding of validation. `message` is upstream's `ErrorBody()`: the type's words, the value, the detail. */
export interface FieldError {
  readonly reason:
    | "FieldValueNotFound"
    | "FieldValueRequired"
    | "FieldValueDuplicate"
    | "FieldValueInvalid"
    | "FieldValueNotSupported"
    | "FieldValueForbidden"
    | "FieldValueTooLong"
    | "FieldValueTooMany"
    | "FieldValueTypeInvalid"
    | "InternalError";
  /** "spec.containers[0].image" */
  readonly field: string;
  readonly message: string;
}

/** Constructors of `FieldError` with the words of upstream's field package (`field.Invalid`, `field.Required`, …). */
export const fieldError = {
  required: (field: string, detail = ""): FieldError => ({
    reason: "FieldValueRequired",
    field,
    message: `Required value${detail === "" ? "" : `: ${detail}`}`,
  }),
  invalid: (field: string, value: unknown, detail: string): FieldError => ({
    reason: "FieldValueInvalid",
    field,
    message: `Invalid value: ${shown(value)}${detail === "" ? "" : `: ${detail}`}`,
  }),
  typeInvalid: (field: string, value: unknown, detail: string): FieldError => ({
    reason: "FieldValueTypeInvalid",
    field,
    message: `Invalid value: ${shown(value)}: ${detail}`,
  }),
  notSupported: (field: string, value: unknown, supported: readonly string[]): FieldError => ({
    reason: "FieldValueNotSupported",
    field,
    message: `Unsupported value: ${shown(value)}: supported values: ${[...supported].map((v) => `"${v}"`).join(", ")}`,
  }),
  forbidden: (field: string, detail: string): FieldError => ({
    reason: "FieldValueForbidden",
    field,
    message: `Forbidden: ${detail}`,
  }),
  duplicate: (field: string, value: unknown): FieldError => ({
    reason: "FieldValueDuplicate",
    field,
    message: `Duplicate value: ${shown(value)}`,
  }),
  notFound: (field: string, value: unknown): FieldError => ({
    reason: "FieldValueNotFound",
    field,
    message: `Not found: ${shown(value)}`,
  }),
  tooLong: (field: string, maxLength: number): FieldError => ({
    reason: "FieldValueTooLong",
    field,
    message: `Too long: may not be more than ${maxLength} ${maxLength === 1 ? "byte" : "bytes"}`,
  }),
  tooMany: (field: string, actual: number, max: number): FieldError => ({
    reason: "FieldValueTooMany",
    field,
    message: `Too many: ${actual}: must have at most ${max} ${max === 1 ? "item" : "items"}`,
  }),
} as const;

const shown = (value: unknown): string => (value === undefined ? "null" : (JSON.stringify(value) ?? "null"));
