import type { Status } from "#pkg/api/types/meta-v1.ts";
import { ApiError, type StatusReason } from "#pkg/errors/index.ts";

const REASONS: Readonly<Record<number, StatusReason>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  406: "NotAcceptable",
  409: "Conflict",
  410: "Gone",
  413: "RequestEntityTooLarge",
  415: "UnsupportedMediaType",
  422: "Invalid",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
  504: "Timeout",
};

/** The ApiError of a failed answer: its Status, or one made from the code when the body is no Status. */
export function errorOfAnswer(code: number, text: string): ApiError {
  try {
    const status = JSON.parse(text) as Partial<Status> | null;
    if (status?.kind === "Status") return ApiError.fromStatus({ ...status, code: status.code ?? code });
  } catch {
    // A proxy, or a server on its way up, answers with plain text.
  }
  const shown = text.length > 2048 ? `${text.slice(0, 2048)}…` : text;
  return new ApiError(code, REASONS[code] ?? "Unknown", shown.trim() === "" ? `the server answered ${code}` : shown);
}
