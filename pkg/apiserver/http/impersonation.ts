import { ApiError } from "#pkg/errors/index.ts";
import type { Pipeline } from "../pipeline.ts";
import type { RequestContext, RequestInfo, UserInfo } from "../types.ts";

const EXTRA = "impersonate-extra-";
const AUTHENTICATION = "authentication.k8s.io";
const UNAUTHENTICATED = "system:unauthenticated";
const AUTHENTICATED = "system:authenticated";

export interface ImpersonationRequest {
  readonly headers: RequestContext["headers"];
  /** Names and values in turn: several groups are several lines, and a group's name may have a comma. */
  readonly rawHeaders: readonly string[];
  readonly url?: string | undefined;
}

export function wantsImpersonation(headers: RequestContext["headers"]): boolean {
  for (const name in headers) if (name.startsWith("impersonate-")) return true;
  return false;
}

/**
 * `kubectl --as`: the user named in headers, when the caller may impersonate it: its name or service account, each group,
 * the uid and each extra value. @throws 403, and as upstream 500 when there is no name
 */
export async function impersonated(
  request: ImpersonationRequest,
  caller: UserInfo,
  pipeline: Pick<Pipeline, "authorize">,
): Promise<UserInfo> {
  const { name, uid, groups, extra } = read(request);
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
  const wanted: RequestInfo[] = [];
  if (account === null) wanted.push(impersonate("users", name));
  else wanted.push({ ...impersonate("serviceaccounts", account[2] as string), namespace: account[1] as string });
  for (const group of groups) wanted.push(impersonate("groups", group));
  for (const [key, values] of extra)
    for (const value of values)
      wanted.push({ ...impersonate("userextras", value), group: AUTHENTICATION, subresource: key });
  if (uid !== "") wanted.push({ ...impersonate("uids", uid), group: AUTHENTICATION });
  for (const info of wanted) await pipeline.authorize(caller, info);
  const own =
    groups.length > 0 || account === null ? groups : ["system:serviceaccounts", `system:serviceaccounts:${account[1]}`];
  const isAnonymous = name === "system:anonymous";
  const known = own.includes(UNAUTHENTICATED) || (!isAnonymous && own.includes(AUTHENTICATED));
  return {
    name,
    groups: known ? own : [...own, isAnonymous ? UNAUTHENTICATED : AUTHENTICATED],
    ...(uid === "" ? {} : { uid }),
    ...(extra.size === 0 ? {} : { extra: Object.fromEntries(extra) }),
  };
}

function read({ rawHeaders, url }: ImpersonationRequest): {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: ReadonlyMap<string, readonly string[]>;
} {
  let name = "";
  let uid = "";
  const groups: string[] = [];
  const extra = new Map<string, string[]>();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const header = (rawHeaders[i] as string).toLowerCase();
    if (!header.startsWith("impersonate-")) continue;
    // Node reads header values as Latin-1; clients send UTF-8.
    const value = Buffer.from(rawHeaders[i + 1] as string, "latin1").toString("utf8");
    if (header === "impersonate-user") name ||= value;
    else if (header === "impersonate-uid") uid ||= value;
    else if (header === "impersonate-group") groups.push(value);
    else if (header.startsWith(EXTRA)) {
      const key = decoded(header.slice(EXTRA.length));
      extra.set(key, [...(extra.get(key) ?? []), value]);
    }
  }
  if (name !== "") return { name, uid, groups, extra };
  const what = [...groups, ...(uid === "" ? [] : [uid]), ...[...extra.values()].flat()].join(" ");
  const why = `requested [${what}] without impersonating a user`;
  throw new ApiError(500, "InternalError", `Internal Server Error: ${JSON.stringify(url ?? "")}: ${why}`);
}

/** Keys may be percent-encoded, since names of headers cannot hold every character. */
function decoded(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

function impersonate(resource: string, name: string): RequestInfo {
  return {
    isResource: true,
    verb: "impersonate",
    path: "",
    group: "",
    version: "v1",
    namespace: "",
    resource,
    subresource: "",
    name,
    rest: "",
  };
}
