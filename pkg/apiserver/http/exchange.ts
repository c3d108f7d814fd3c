import type { ServerResponse } from "node:http";
import { ApiError } from "#pkg/errors/index.ts";
import type { Ticket } from "../flowcontrol/index.ts";
import type { RequestInfo } from "../types.ts";
import type { Http2Response } from "./http2-exchange.ts";
import { type Flight, REQUEST_TIMEOUT_MS } from "./in-flight.ts";
import type { Format } from "./negotiate.ts";
import type { RawRequest } from "./peer.ts";
import { warningHeaders } from "./warnings.ts";

export type RawResponse = ServerResponse | Http2Response;

/** Made once: an error of its own for each request that ends would cost more than the request. */
const GONE = new DOMException("The request is over", "AbortError");
const MAX_AUDIT_ID = 64;
/** Nobody changes a query. */
const NO_QUERY = new URLSearchParams();

/** One request and its answer. */
export class Exchange implements Flight {
  readonly request: RawRequest;
  readonly response: RawResponse;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly rawQuery: string;
  /** `performance.now()` of its arrival. */
  readonly startedAt = performance.now();
  info: RequestInfo | undefined;
  slot: number | undefined;
  /** Known once it is negotiated. */
  format: Format | undefined;
  deadline = Date.now() + REQUEST_TIMEOUT_MS;
  timeoutMs = REQUEST_TIMEOUT_MS;
  onCut: (() => void) | undefined;
  onTimeout: (() => void) | undefined;
  /** Its place among the requests of its priority level. */
  ticket: Ticket | undefined;
  /** Of the answer's body. */
  bodyBytes = 0;
  /** It has its whole answer, a 504. */
  timedOut = false;
  #timer: NodeJS.Timeout | undefined;
  #warnings: string[] | undefined;
  #controller: AbortController | undefined;
  readonly #auditId: string;

  /** `auditId` names the request where its sender does not. */
  constructor(request: RawRequest, response: RawResponse, auditId: string) {
    this.#auditId = auditId;
    this.request = request;
    this.response = response;
    const url = request.url ?? "/";
    const at = url.indexOf("?");
    this.path = at < 0 ? url : url.slice(0, at);
    this.rawQuery = at < 0 ? "" : url.slice(at + 1);
    this.query = this.rawQuery === "" ? NO_QUERY : new URLSearchParams(this.rawQuery);
  }

  get gone(): boolean {
    // Not the request: one that was read to its end counts as destroyed too.
    return this.response.destroyed;
  }

  get isWaiting(): boolean {
    return this.ticket?.state === "waiting";
  }

  get isLongRunning(): boolean {
    return this.deadline === Number.POSITIVE_INFINITY;
  }

  /** Made when somebody waits on it; most requests are answered before anybody does. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      this.response.once("close", () => this.#controller?.abort(GONE));
    }
    return this.#controller.signal;
  }

  /** The caller wants an answer within this time; those who say nothing are seen to by the sweep of all requests. */
  limitTo(timeoutMs: number): void {
    this.timeoutMs = timeoutMs;
    this.#timer = setTimeout(() => this.cut("timeout"), timeoutMs);
  }

  /** No answer is late any more: it is a watch or another stream. */
  becomeLongRunning(): void {
    this.deadline = Number.POSITIVE_INFINITY;
    clearTimeout(this.#timer);
  }

  warn(text: string): void {
    this.#warnings ??= [];
    if (!this.#warnings.includes(text)) this.#warnings.push(text);
  }

  head(status: number, headers: Readonly<Record<string, string | string[]>>): void {
    const asked = this.request.headers["audit-id"];
    const all: Record<string, string | string[]> = {
      "audit-id": typeof asked === "string" && asked !== "" ? asked.slice(0, MAX_AUDIT_ID) : this.#auditId,
      "cache-control": "no-cache, private",
    };
    if (this.ticket !== undefined) {
      const { uid, level } = this.ticket.flow;
      all["x-kubernetes-pf-flowschema-uid"] = uid;
      all["x-kubernetes-pf-prioritylevel-uid"] = level.uid;
    }
    for (const name in headers) all[name] = headers[name] as string | string[];
    if (this.#warnings !== undefined) all["warning"] = warningHeaders(this.#warnings);
    (this.response as ServerResponse).writeHead(status, all);
  }

  cut(why: "timeout" | "drain"): void {
    if (why === "drain") {
      this.onCut?.();
      return;
    }
    if (!this.response.headersSent && !this.response.destroyed) {
      this.timedOut = true;
      const error = new ApiError(504, "Timeout", "Timeout: request did not complete within the allotted timeout", {});
      // The rest of a body that did not come in time is not waited for.
      const isPart = "complete" in this.request && !this.request.complete;
      this.head(504, { "content-type": "application/json", ...(isPart ? { connection: "close" } : {}) });
      (this.response as ServerResponse).end(`${JSON.stringify(error.toStatus())}\n`);
    }
    this.#controller?.abort(GONE);
    this.onTimeout?.();
  }

  finished(): void {
    clearTimeout(this.#timer);
    this.#controller?.abort(GONE);
  }
}
