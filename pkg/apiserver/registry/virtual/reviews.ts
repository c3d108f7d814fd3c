/** Resources that are questions: their POST is answered from the request, nothing is stored. */
import { validateAccessReview } from "#pkg/api/authorization/access-review.ts";
import type {
  LocalSubjectAccessReview,
  ResourceAttributes,
  SubjectAccessReview,
} from "#pkg/api/types/authorization-v1.ts";
import type { TokenReview } from "#pkg/api/types/authentication-v1.ts";
import { badRequest, invalid } from "#pkg/errors/index.ts";
import type { Reply, RequestInfo, UserInfo } from "../../types.ts";
import { admitBody } from "../admission.ts";
import { decodeObject, expectedOf, readBody } from "../body.ts";
import { matchPath, timestamp } from "../metadata.ts";
import { writeOptions } from "../options.ts";
import type { Obj, RegistryServices, Target } from "../services.ts";

export async function reviewToken(services: RegistryServices, target: Target): Promise<Reply> {
  const object = await read(services, target);
  const { spec } = object as unknown as TokenReview;
  if (!spec?.token) throw badRequest("token is required for TokenReview in authentication");
  const audiences = spec.audiences ?? [];
  const verdict = await services.authenticateToken(spec.token, audiences);
  const status =
    verdict.user === undefined
      ? { user: {}, ...(verdict.error === undefined ? {} : { error: verdict.error }) }
      : {
          authenticated: true,
          user: userOf(verdict.user),
          ...(verdict.audiences.length === 0 ? {} : { audiences: verdict.audiences }),
        };
  return answer({ ...object, status });
}

export async function reviewSelf(services: RegistryServices, target: Target): Promise<Reply> {
  const object = await read(services, target);
  const metadata = { ...object.metadata, creationTimestamp: timestamp(services.now()) };
  return answer({ ...object, metadata, status: { userInfo: userOf(target.context.user) } });
}

/** SubjectAccessReview, LocalSubjectAccessReview and SelfSubjectAccessReview. */
export async function reviewAccess(services: RegistryServices, target: Target): Promise<Reply> {
  const object = await read(services, target);
  if (target.definition.namespaced) matchPath(object, target);
  const { kind } = target.definition;
  const spec = ((object as unknown as SubjectAccessReview).spec ?? {}) as LocalSubjectAccessReview["spec"];
  const errors = validateAccessReview(kind, object as unknown as LocalSubjectAccessReview);
  if (errors.length > 0) throw invalid(target.definition.group, kind, "", errors);
  const { resourceAttributes, nonResourceAttributes } = spec;
  if (kind === "LocalSubjectAccessReview" && resourceAttributes?.namespace !== target.namespace)
    throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${target.namespace}`);
  const isSelf = kind === "SelfSubjectAccessReview";
  const user: UserInfo = isSelf
    ? target.context.user
    : {
        name: spec.user ?? "",
        groups: spec.groups ?? [],
        ...(spec.uid === undefined ? {} : { uid: spec.uid }),
        ...(spec.extra === undefined ? {} : { extra: spec.extra }),
      };
  const info = resourceAttributes === undefined ? pathInfo(nonResourceAttributes) : resourceInfo(resourceAttributes);
  const { decision, reason } = await services.authorizer.authorize(user, info);
  const status = {
    allowed: decision === "allow",
    ...(decision === "deny" ? { denied: true } : {}),
    ...(reason === "" ? {} : { reason }),
  };
  return answer({ ...object, status });
}

export async function reviewRules(services: RegistryServices, target: Target): Promise<Reply> {
  const object = await read(services, target);
  const { namespace = "" } = (object["spec"] ?? {}) as { namespace?: string };
  if (namespace === "") throw badRequest("no namespace on request");
  const rules = (await services.authorizer.rulesFor?.(target.context.user, namespace)) ?? {
    resourceRules: [],
    nonResourceRules: [],
    incomplete: true,
  };
  return answer({ ...object, status: rules });
}

async function read(services: RegistryServices, target: Target): Promise<Obj> {
  const { context, definition } = target;
  const options = writeOptions(context, "CreateOptions");
  const raw = await readBody(services, context, definition.kind);
  if (raw === undefined) throw badRequest(`the object provided is unrecognized (must be of type ${definition.kind})`);
  const expected = expectedOf(definition, services.decoder(definition));
  const object = decodeObject(raw, expected, options.fieldValidation, context.warn);
  await admitBody(services, target, object, options.dryRun);
  return object;
}

const answer = (object: object): Reply => ({ kind: "object", status: 201, object });

const userOf = (user: UserInfo): object => ({
  username: user.name,
  ...(user.uid === undefined ? {} : { uid: user.uid }),
  groups: user.groups,
  ...(user.extra === undefined ? {} : { extra: user.extra }),
});

function resourceInfo(attributes: ResourceAttributes): RequestInfo {
  const {
    verb = "",
    group = "",
    version = "",
    resource = "",
    subresource = "",
    namespace = "",
    name = "",
  } = attributes;
  return { isResource: true, verb, path: "", group, version, resource, subresource, namespace, name, rest: "" };
}

function pathInfo(attributes: { readonly path?: string; readonly verb?: string } | undefined): RequestInfo {
  const { path = "", verb = "" } = attributes ?? {};
  return {
    isResource: false,
    verb,
    path,
    group: "",
    version: "",
    resource: "",
    subresource: "",
    namespace: "",
    name: "",
    rest: "",
  };
}
