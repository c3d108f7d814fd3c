import type { BoundObjectReference, TokenRequest } from "#pkg/api/types/authentication-v1.ts";
import type { Pod } from "#pkg/api/types/core-v1.ts";
import {
  badRequest,
  conflict,
  type FieldError,
  fieldError,
  invalid,
  notFound,
  serviceUnavailable,
} from "#pkg/errors/index.ts";
import type { Reply, TokenClaims } from "../../types.ts";
import { admitBody } from "../admission.ts";
import { timestamp } from "../metadata.ts";
import { existing, type RegistryServices, type Target } from "../services.ts";
import { readSubresource } from "./body-of.ts";

const TOKEN_REQUEST = { kind: "TokenRequest", group: "authentication.k8s.io", version: "v1", verbs: ["create"] };
const DEFAULT_SECONDS = 3600;
const MIN_SECONDS = 600;
/** Longest life of a token: upstream's default for --service-account-max-token-expiration when extension is on. */
const MAX_SECONDS = 2 ** 32;

/** POST serviceaccounts/NAME/token: a signed token, bound to the account and, when asked, to a pod, secret or node. */
export async function requestToken(services: RegistryServices, target: Target): Promise<Reply> {
  if (services.tokens === undefined) throw serviceUnavailable("this server has no key to sign tokens with");
  const { object, options } = await readSubresource(services, target, TOKEN_REQUEST);
  await admitBody(services, target, object, options.dryRun);
  const { spec } = object as unknown as TokenRequest;
  const account = existing(target).view.object;
  const seconds = spec?.expirationSeconds ?? DEFAULT_SECONDS;
  const given = spec?.audiences ?? [];
  const audiences = given.length > 0 ? given : services.tokens.defaultAudiences;
  validate(object.metadata, seconds, target);
  const issuedAt = Math.floor(services.now() / 1000);
  const claims: TokenClaims = {
    namespace: target.namespace,
    serviceAccount: { name: account.metadata.name, uid: account.metadata.uid },
    audiences,
    issuedAt,
    expiresAt: issuedAt + seconds,
    ...bindingOf(services, target, spec?.boundObjectRef),
  };
  const token = options.dryRun ? "" : await services.tokens.issue(claims);
  const answer = {
    kind: "TokenRequest",
    apiVersion: "authentication.k8s.io/v1",
    metadata: { name: target.name, namespace: target.namespace, creationTimestamp: timestamp(services.now()) },
    spec: {
      audiences,
      expirationSeconds: seconds,
      ...(spec?.boundObjectRef === undefined ? {} : { boundObjectRef: spec.boundObjectRef }),
    },
    status: { token, expirationTimestamp: timestamp(claims.expiresAt * 1000) },
  };
  return { kind: "object", status: 201, object: answer };
}

function validate(
  metadata: { readonly name?: string; readonly namespace?: string },
  seconds: number,
  target: Target,
): void {
  const errors: FieldError[] = [];
  if (metadata.name && metadata.name !== target.name)
    errors.push(fieldError.invalid("metadata.name", metadata.name, "must match the service account name if specified"));
  if (metadata.namespace && metadata.namespace !== target.namespace)
    errors.push(
      fieldError.invalid(
        "metadata.namespace",
        metadata.namespace,
        "must match the service account namespace if specified",
      ),
    );
  if (seconds < MIN_SECONDS)
    errors.push(
      fieldError.invalid("spec.expirationSeconds", seconds, "may not specify a duration less than 10 minutes"),
    );
  if (seconds > MAX_SECONDS)
    errors.push(
      fieldError.invalid("spec.expirationSeconds", seconds, "may not specify a duration larger than 2^32 seconds"),
    );
  if (errors.length > 0) throw invalid("authentication.k8s.io", "TokenRequest", metadata.name ?? "", errors);
}

/** "apps/v1, Kind=Deployment", as Go prints it. */
function gvkOf({ apiVersion = "", kind = "" }: BoundObjectReference): string {
  return `${apiVersion.includes("/") ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;
}

function bindingOf(
  services: RegistryServices,
  target: Target,
  ref: BoundObjectReference | undefined,
): Pick<TokenClaims, "boundTo" | "node"> {
  if (ref === undefined) return {};
  const { kind, name = "", uid } = ref;
  if (kind !== "Pod" && kind !== "Secret" && kind !== "Node")
    throw badRequest(`cannot bind token to object of type ${gvkOf(ref)}`);
  const plural = `${kind.toLowerCase()}s`;
  const resource = { group: "", plural };
  const object = services.cache.get(plural, kind === "Node" ? "" : target.namespace, name);
  if (object === undefined) throw notFound(resource, name);
  if (kind === "Pod" && ((object as Pod).spec.serviceAccountName ?? "default") !== target.name)
    throw badRequest(
      `cannot bind token for serviceaccount "${target.name}" to pod running with different serviceaccount name.`,
    );
  if (uid !== undefined && uid !== "" && uid !== object.metadata.uid)
    throw conflict(
      { group: "", plural: kind },
      name,
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  const boundTo = { kind, name, uid: object.metadata.uid } as const;
  if (kind !== "Pod") return { boundTo };
  const { spec } = object as Pod;
  const node = spec.nodeName === undefined ? undefined : services.cache.get("nodes", "", spec.nodeName);
  return {
    boundTo,
    ...(node === undefined ? {} : { node: { name: node.metadata.name, uid: node.metadata.uid } }),
  };
}
