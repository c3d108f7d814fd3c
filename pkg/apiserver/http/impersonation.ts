import { badRequest } from "#pkg/errors/index.ts";
import type { Pipeline } from "../pipeline.ts";
import type { RequestContext, RequestInfo, UserInfo } from "../types.ts";

/** `kubectl --as`: the user named in headers, when the caller may impersonate it. @throws 400, 403 */
export async function impersonated(
  headers: RequestContext["headers"],
  caller: UserInfo,
  pipeline: Pick<Pipeline, "authorize">,
): Promise<UserInfo> {
  const name = one(headers["impersonate-user"]);
  const groups = many(headers["impersonate-group"]);
  const uid = one(headers["impersonate-uid"]);
  if (name === "") throw badRequest("requested groups without impersonating a user");
  if (Object.keys(headers).some((key) => key.startsWith("impersonate-extra-")))
    throw badRequest("impersonation of extra fields is not supported");
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
  if (account === null) await pipeline.authorize(caller, impersonation("users", "", name));
  else await pipeline.authorize(caller, impersonation("serviceaccounts", account[1] as string, account[2] as string));
  for (const group of groups) await pipeline.authorize(caller, impersonation("groups", "", group));
  if (uid !== "")
    await pipeline.authorize(caller, { ...impersonation("uids", "", uid), group: "authentication.k8s.io" });
  const own =
    groups.length > 0
      ? groups
      : account === null
        ? []
        : ["system:serviceaccounts", `system:serviceaccounts:${account[1]}`];
  const authenticated = name === "system:anonymous" ? "system:unauthenticated" : "system:authenticated";
  return {
    name,
    groups: own.includes(authenticated) ? own : [...own, authenticated],
    ...(uid === "" ? {} : { uid }),
  };
}

function impersonation(resource: string, namespace: string, name: string): RequestInfo {
  return {
    isResource: true,
    verb: "impersonate",
    path: "",
    group: "",
    version: "v1",
    namespace,
    resource,
    subresource: "",
    name,
    rest: "",
  };
}

const one = (value: string | string[] | undefined): string => (Array.isArray(value) ? (value[0] ?? "") : (value ?? ""));
// node:http joins repeated headers that it does not know with ", ".
const many = (value: string | string[] | undefined): string[] =>
  (Array.isArray(value) ? value : (value ?? "").split(",")).map((each) => each.trim()).filter((each) => each !== "");
