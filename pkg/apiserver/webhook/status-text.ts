/** What upstream's client says of an HTTP status that is no success (apimachinery's NewGenericServerResponse). */
const BY_STATUS: Readonly<Record<number, string>> = {
  400: "the server rejected our request for an unknown reason",
  401: "the server has asked for the client to provide credentials",
  404: "the server could not find the requested resource",
  405: "the server does not allow this method on the requested resource",
  409: "the server reported a conflict",
  422: "the server rejected our request due to an error in our request",
  429: "the server has received too many requests and has asked us to try again later",
  503: "the server is currently unable to handle the request",
  504: "the server was unable to return a response in the time allotted, but may still be processing the request",
};
const MAX_SHOWN = 1024;

export function statusText(status: number, body: string): string {
  const said = messageOf(body);
  if (said !== undefined) return said;
  const shown = body.trim().slice(0, MAX_SHOWN) || "unknown";
  if (status === 403 || status === 406) return shown;
  const known = BY_STATUS[status];
  if (known !== undefined) return known;
  if (status >= 500)
    return `an error on the server (${JSON.stringify(shown)}) has prevented the request from succeeding`;
  return `the server responded with the status code ${status} but did not return more information`;
}

/** A webhook may answer a metav1.Status. */
function messageOf(body: string): string | undefined {
  if (!body.startsWith("{")) return undefined;
  try {
    const { kind, message } = JSON.parse(body) as { kind?: unknown; message?: unknown };
    return kind === "Status" && typeof message === "string" && message !== "" ? message : undefined;
  } catch {
    return undefined;
  }
}
