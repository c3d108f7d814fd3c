import { randomUUID } from "node:crypto";
import type { Status } from "#pkg/api/types/meta-v1.ts";
import type { AdmissionAttributes, UserInfo } from "../../types.ts";
import type { Invocation, Place, Versioned } from "./types.ts";

const GROUP = "admission.k8s.io";
const KNOWN_VERSIONS = ["v1", "v1beta1"];

export interface AdmissionReview {
  readonly apiVersion: string;
  readonly kind: "AdmissionReview";
  readonly request: { readonly uid: string };
}

/** A webhook's verdict, verified. */
export interface AdmissionResponse {
  readonly allowed: boolean;
  readonly status: Status | undefined;
  readonly warnings: readonly string[];
  /** Base64 of JSON. */
  readonly patch: string;
  readonly patchType: string;
}

/** The review in the first version that the webhook prefers and we know. @throws Error in upstream's words */
export function admissionReview(
  invocation: Invocation,
  attributes: AdmissionAttributes,
  versioned: Versioned,
): AdmissionReview {
  const { webhook } = invocation;
  const version = webhook.reviewVersions.find((each) => KNOWN_VERSIONS.includes(each));
  if (version === undefined) throw new Error("webhook does not accept known AdmissionReview versions (v1, v1beta1)");
  const request = {
    ...reviewRequest(invocation, attributes),
    object: versioned.object ?? null,
    oldObject: versioned.old ?? null,
  };
  return { kind: "AdmissionReview", apiVersion: `${GROUP}/${version}`, request };
}

/** An AdmissionRequest without its objects. */
export function reviewRequest({ resource, kind }: Place, attributes: AdmissionAttributes): { readonly uid: string } {
  const { info, operation, user, dryRun, options, kind: requestKind } = attributes;
  const { group, version: asked, resource: plural, subresource, namespace, name } = info;
  const sub = subresource === "" ? {} : { subResource: subresource };
  const request = {
    uid: randomUUID() as string,
    kind: { group: kind.group, version: kind.version, kind: kind.kind },
    resource,
    ...sub,
    requestKind: { group: requestKind.group, version: requestKind.version, kind: requestKind.kind },
    requestResource: { group, version: asked, resource: plural },
    ...(subresource === "" ? {} : { requestSubResource: subresource }),
    ...(name === "" ? {} : { name }),
    ...(namespace === "" ? {} : { namespace }),
    operation,
    userInfo: userInfoOf(user),
    dryRun,
    options: options ?? null,
  };
  return request;
}

const userInfoOf = ({ name, uid, groups, extra }: UserInfo): object => ({
  username: name,
  ...(uid === undefined || uid === "" ? {} : { uid }),
  groups,
  ...(extra === undefined ? {} : { extra }),
});

/** Reads what a webhook answered to `review`. @throws Error in upstream's words when it is no answer to it */
export function readResponse(review: AdmissionReview, answer: unknown, mutating: boolean): AdmissionResponse {
  const given = (typeof answer === "object" && answer !== null ? answer : {}) as Record<string, unknown>;
  const response = given["response"] as Record<string, unknown> | null | undefined;
  const isV1 = review.apiVersion === `${GROUP}/v1`;
  const shown = shownKind(given["apiVersion"], given["kind"]);
  const expected = shownKind(review.apiVersion, review.kind);
  // v1beta1 never asked for a kind in the answer.
  if (isV1 ? shown !== expected : given["kind"] !== undefined && shown !== expected)
    throw new Error(`expected webhook response of ${expected}, got ${shown}`);
  if (typeof response !== "object" || response === null) throw new Error("webhook response was absent");
  const uid = text(response["uid"]);
  if (isV1 && uid !== review.request.uid)
    throw new Error(`expected response.uid=${JSON.stringify(review.request.uid)}, got ${JSON.stringify(uid)}`);
  const patch = text(response["patch"]);
  const patchType = isV1 ? text(response["patchType"]) : patch === "" ? "" : "JSONPatch";
  if (isV1) checkPatch(mutating, patch, response["patchType"]);
  const warnings = Array.isArray(response["warnings"]) ? response["warnings"] : [];
  return {
    allowed: response["allowed"] === true,
    status: (response["status"] ?? undefined) as Status | undefined,
    warnings: warnings.filter((each): each is string => typeof each === "string"),
    patch,
    patchType,
  };
}

function checkPatch(mutating: boolean, patch: string, patchType: unknown): void {
  const hasType = patchType !== undefined && patchType !== null;
  if (!mutating) {
    if (patch !== "") throw new Error("validating webhook may not return response.patch");
    if (hasType) throw new Error("validating webhook may not return response.patchType");
    return;
  }
  if (patch !== "" && !hasType) throw new Error("webhook returned response.patch but not response.patchType");
  if (patch === "" && hasType) throw new Error("webhook returned response.patchType but not response.patch");
  if (hasType && text(patchType) === "") throw new Error('webhook returned invalid response.patchType of ""');
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** "admission.k8s.io/v1, Kind=AdmissionReview", as Go prints a GroupVersionKind. */
const shownKind = (apiVersion: unknown, kind: unknown): string => {
  const version = text(apiVersion);
  return `${version.includes("/") ? version : `/${version}`}, Kind=${text(kind)}`;
};
