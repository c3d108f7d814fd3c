import { randomUUID } from "node:crypto";
import { apiVersionOf, type KubeObject } from "#pkg/api/resource-ref.ts";
import type { CustomResourceDefinition, WebhookConversion } from "#pkg/api/types/apiextensions-v1.ts";
import { ApiError } from "#pkg/errors/index.ts";
import type { WebhookCaller } from "../webhook/index.ts";
import { restoreMetadata, sameIdentity } from "./converted-metadata.ts";

const GROUP = "apiextensions.k8s.io";
const KNOWN_REVIEWS = ["v1", "v1beta1"];
/** Upstream's limit for a conversion. */
const TIMEOUT_MS = 30_000;

interface Review {
  readonly kind?: unknown;
  readonly apiVersion?: unknown;
  readonly response?: {
    readonly uid?: unknown;
    readonly convertedObjects?: readonly unknown[];
    readonly result?: { readonly status?: unknown; readonly message?: unknown };
  };
}

/** The `convert` of a CRD's definitions (StorageDefinition); undefined where nothing outside has to be asked. */
export function webhookConversion(
  crd: CustomResourceDefinition,
  webhooks: () => Promise<WebhookCaller>,
): ((objects: readonly KubeObject[], toApiVersion: string) => Promise<readonly KubeObject[]>) | undefined {
  const { conversion, group, versions } = crd.spec;
  if (conversion?.strategy !== "Webhook" || conversion.webhook === undefined || versions.length < 2) return undefined;
  const { webhook } = conversion;
  return (objects, toApiVersion) => convert({ webhook, group, webhooks }, objects, toApiVersion);
}

interface Converter {
  readonly webhook: WebhookConversion;
  readonly group: string;
  readonly webhooks: () => Promise<WebhookCaller>;
}

async function convert(
  { webhook, webhooks }: Converter,
  objects: readonly KubeObject[],
  desiredAPIVersion: string,
): Promise<readonly KubeObject[]> {
  const [first] = objects;
  if (first === undefined) return [];
  const what = `conversion webhook for ${describe(first, objects.length > 1)}`;
  const reviewVersion = webhook.conversionReviewVersions.find((each) => KNOWN_REVIEWS.includes(each)) ?? "v1";
  const apiVersion = apiVersionOf({ group: GROUP, version: reviewVersion });
  const uid = randomUUID();
  let converted: readonly unknown[];
  try {
    const answer = await (await webhooks()).call({
      config: webhook.clientConfig ?? {},
      body: { kind: "ConversionReview", apiVersion, request: { uid, desiredAPIVersion, objects } },
      timeoutMs: TIMEOUT_MS,
      tellTimeout: true,
    });
    converted = convertedIn(answer as Review | null, apiVersion, uid);
  } catch (err) {
    throw failure(`${what} failed: ${err instanceof Error ? err.message : String(err)}`);
  }
  if (converted.length !== objects.length)
    throw failure(`${what} returned ${converted.length} objects, expected ${objects.length}`);
  return converted.map((object, i) => {
    try {
      return checked(objects[i] as KubeObject, object, desiredAPIVersion);
    } catch (err) {
      const where = objects.length > 1 ? ` at index ${i}` : "";
      throw failure(`${what} returned invalid converted object${where}: ${(err as Error).message}`);
    }
  });
}

/** "stable.example.com/v1, Kind=Foo", as Go prints a kind. */
function describe({ apiVersion, kind }: KubeObject, isList: boolean): string {
  return `${apiVersion ?? ""}, Kind=${kind ?? ""}${isList ? "List" : ""}`;
}

/** The answer's objects. @throws with upstream's words for what is wrong with the review */
function convertedIn(review: Review | null, apiVersion: string, uid: string): readonly unknown[] {
  const given = `${shown(review?.apiVersion ?? "")}, Kind=${shown(review?.kind ?? "")}`;
  const expected = `${apiVersion}, Kind=ConversionReview`;
  if (given !== expected) throw new Error(`expected webhook response of ${expected}, got ${given}`);
  const response = review?.response;
  if (response === undefined || response === null) throw new Error("no response provided");
  if (apiVersion.endsWith("/v1") && response.uid !== uid)
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? "")}`);
  const { status, message } = response.result ?? {};
  if (status !== "Success")
    throw new Error(
      typeof message === "string" && message !== ""
        ? message
        : `response.result.status was '${shown(status ?? "")}', not 'Success'`,
    );
  return Array.isArray(response.convertedObjects) ? response.convertedObjects : [];
}

/** A conversion may change what an object says, never which object it is. */
function checked(original: KubeObject, given: unknown, desiredAPIVersion: string): KubeObject {
  if (typeof given !== "object" || given === null || Array.isArray(given)) throw new Error("it is no object");
  const converted = given as Record<string, unknown>;
  if (converted["apiVersion"] !== desiredAPIVersion)
    throw new Error(`invalid groupVersion (expected ${desiredAPIVersion}, received ${shown(converted["apiVersion"])})`);
  if (converted["kind"] !== original.kind)
    throw new Error(`invalid kind (expected ${original.kind ?? ""}, received ${shown(converted["kind"])})`);
  sameIdentity(original, converted["metadata"]);
  const { kind, apiVersion, metadata, ...rest } = converted;
  return { kind, apiVersion, metadata: restoreMetadata(original, metadata), ...rest } as unknown as KubeObject;
}

const shown = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""));

/** As upstream, no reason: clients see "Error from server: conversion webhook for …". */
const failure = (message: string): ApiError => new ApiError(500, "Unknown", message);
