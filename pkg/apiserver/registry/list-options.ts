import { badRequest, type FieldError, fieldError, invalid } from "#pkg/errors/index.ts";
import { isTrue } from "../request-info.ts";
import { requestedRevision } from "./resource-version.ts";

/** Query parameters of lists and watches besides the selectors. */
export interface ListOptions {
  /** Undefined when absent. */
  readonly revision: number | undefined;
  readonly match: "" | "Exact" | "NotOlderThan";
  /** 0: no limit. */
  readonly limit: number;
  /** "" when absent. */
  readonly continueToken: string;
  readonly sendInitialEvents: boolean | undefined;
  /** 0 when absent. */
  readonly timeoutSeconds: number;
}

/** Upstream's ValidateListOptions for a list. @throws 400, 422 */
export function listOptions(query: URLSearchParams): ListOptions {
  if (query.size === 0) return NONE;
  const given = read(query);
  const errors: FieldError[] = [];
  const { match, continueToken, sendInitialEvents } = given;
  if (match !== "") {
    if (given.resourceVersion === "")
      errors.push(forbiddenMatch("resourceVersionMatch is forbidden unless resourceVersion is provided"));
    if (continueToken !== "") errors.push(forbiddenMatch(WITH_CONTINUE));
    if (match !== "Exact" && match !== "NotOlderThan")
      errors.push(fieldError.notSupported("resourceVersionMatch", match, ["Exact", "NotOlderThan", ""]));
    if (match === "Exact" && given.resourceVersion === "0")
      errors.push(forbiddenMatch('resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
  }
  if (sendInitialEvents !== undefined)
    errors.push(fieldError.forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
  return finish(given, errors);
}

/** Upstream's ValidateListOptions for a watch. @throws 400, 422 */
export function watchOptions(query: URLSearchParams): ListOptions {
  const given = read(query);
  const errors: FieldError[] = [];
  const { match, continueToken, sendInitialEvents } = given;
  if (sendInitialEvents !== undefined && match !== "NotOlderThan")
    errors.push(forbiddenMatch("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
  if (match !== "") {
    if (sendInitialEvents === undefined)
      errors.push(forbiddenMatch("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"));
    if (match !== "NotOlderThan") errors.push(fieldError.notSupported("resourceVersionMatch", match, ["NotOlderThan"]));
    if (continueToken !== "") errors.push(forbiddenMatch(WITH_CONTINUE));
  }
  return finish(given, errors);
}

const WITH_CONTINUE = "resourceVersionMatch is forbidden when continue is provided";

const NONE: ListOptions = {
  revision: undefined,
  match: "",
  limit: 0,
  continueToken: "",
  sendInitialEvents: undefined,
  timeoutSeconds: 0,
};

const forbiddenMatch = (why: string): FieldError => fieldError.forbidden("resourceVersionMatch", why);

interface Given extends Omit<ListOptions, "match" | "revision"> {
  readonly match: string;
  readonly resourceVersion: string;
}

function read(query: URLSearchParams): Given {
  const initial = query.get("sendInitialEvents");
  return {
    match: query.get("resourceVersionMatch") ?? "",
    resourceVersion: query.get("resourceVersion") ?? "",
    continueToken: query.get("continue") ?? "",
    sendInitialEvents: initial === null || initial === "" ? undefined : isTrue(initial),
    limit: Math.max(0, integer(query, "limit")),
    timeoutSeconds: Math.max(0, integer(query, "timeoutSeconds")),
  };
}

function finish({ resourceVersion, match, ...rest }: Given, errors: readonly FieldError[]): ListOptions {
  if (errors.length > 0) throw invalid("meta.k8s.io", "ListOptions", "", errors);
  return { ...rest, match: match as ListOptions["match"], revision: requestedRevision(resourceVersion) };
}

function integer(query: URLSearchParams, name: string): number {
  const text = query.get(name);
  if (text === null || text === "") return 0;
  if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  const value = Number(text);
  if (!Number.isSafeInteger(value))
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
  return value;
}
