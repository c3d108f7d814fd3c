import { badRequest, type FieldError, fieldError, invalid } from "#pkg/errors/index.ts";
import { boolOf, integerOf } from "./query.ts";

const STREAMS = ["All", "Stderr", "Stdout"];

/** The kubelet's query for a log request (PodLogOptions). @throws 400 for what is no number or time, 422 for bad values */
export function kubeletLogQuery(query: URLSearchParams, podName: string): URLSearchParams {
  const tailLines = integerOf(query, "tailLines");
  const limitBytes = integerOf(query, "limitBytes");
  const sinceSeconds = integerOf(query, "sinceSeconds");
  const sinceTime = timeOf(query.get("sinceTime"));
  const stream = query.get("stream") ?? "";

  const errors: FieldError[] = [];
  const notPositive = "must be greater than 0";
  if (tailLines !== undefined && tailLines < 0) {
    errors.push(fieldError.invalid("tailLines", tailLines, "must be greater than or equal to 0"));
  }
  if (limitBytes !== undefined && limitBytes < 1)
    errors.push(fieldError.invalid("limitBytes", limitBytes, notPositive));
  if (sinceSeconds !== undefined && sinceTime !== undefined) {
    errors.push(fieldError.forbidden("", "at most one of `sinceTime` or `sinceSeconds` may be specified"));
  } else if (sinceSeconds !== undefined && sinceSeconds < 1) {
    errors.push(fieldError.invalid("sinceSeconds", sinceSeconds, notPositive));
  }
  if (stream !== "" && !STREAMS.includes(stream)) errors.push(fieldError.notSupported("stream", stream, STREAMS));
  if (stream !== "" && stream !== "All" && tailLines !== undefined) {
    errors.push(fieldError.forbidden("", "`tailLines` and specific `stream` are mutually exclusive for now"));
  }
  if (errors.length > 0) throw invalid("", "PodLogOptions", podName, errors);

  const out = new URLSearchParams();
  for (const name of ["follow", "previous", "timestamps"]) if (boolOf(query, name)) out.set(name, "true");
  if (sinceSeconds !== undefined) out.set("sinceSeconds", String(sinceSeconds));
  if (sinceTime !== undefined) out.set("sinceTime", sinceTime);
  if (tailLines !== undefined) out.set("tailLines", String(tailLines));
  if (limitBytes !== undefined) out.set("limitBytes", String(limitBytes));
  if (stream !== "") out.set("stream", stream);
  return out;
}

/** RFC 3339, as it was written. */
function timeOf(value: string | null): string | undefined {
  if (value === null || value === "") return undefined;
  if (Number.isNaN(Date.parse(value)) || !/^\d{4}-\d\d-\d\dT/.test(value)) {
    throw badRequest(`parsing time ${JSON.stringify(value)} as "2006-01-02T15:04:05Z07:00": cannot parse`);
  }
  return value;
}
