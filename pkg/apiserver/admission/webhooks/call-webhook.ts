import { isObject } from "#pkg/api/json-object.ts";
import { ApiError, badRequest } from "#pkg/errors/index.ts";
import type { Status } from "#pkg/api/types/meta-v1.ts";
import type { WebhookCaller } from "../../webhook/index.ts";
import type { AdmissionAttributes } from "../../types.ts";
import { type AdmissionResponse, admissionReview, readResponse } from "./review.ts";
import type { Invocation, Versioned } from "./types.ts";

/** Higher ones are none that HTTP knows. */
const MAX_CODE = 599;
const NO_SIDE_EFFECTS = new Set(["None", "NoneOnDryRun"]);

/** The webhook gave no verdict; what that means is for its failurePolicy to say. */
export class WebhookFailure extends Error {
  readonly code = "WEBHOOK_FAILURE";
}

/** Calls one webhook and hands on its warnings. @throws WebhookFailure, ApiError when it denies or cannot be asked */
export async function callWebhook(
  caller: WebhookCaller,
  invocation: Invocation,
  attributes: AdmissionAttributes,
  versioned: Versioned,
  mutating: boolean,
): Promise<AdmissionResponse> {
  const { webhook } = invocation;
  const failed = (stage: string, cause: unknown): WebhookFailure => {
    const why = `failed calling webhook "${webhook.name}": ${stage}: ${(cause as Error).message}`;
    return new WebhookFailure(why, { cause });
  };
  if (attributes.dryRun && !NO_SIDE_EFFECTS.has(webhook.sideEffects))
    throw badRequest(`admission webhook "${webhook.name}" does not support dry run`);
  const review = during(
    () => admissionReview(invocation, attributes, versioned),
    (err) => failed("could not create admission objects", err),
  );
  let answer: unknown;
  try {
    answer = await caller.call({
      config: webhook.clientConfig,
      body: review,
      timeoutMs: webhook.timeoutSeconds * 1000,
      tellTimeout: true,
      signal: attributes.signal,
    });
  } catch (err) {
    throw failed("failed to call webhook", err);
  }
  const response = during(
    () => readResponse(review, answer, mutating),
    (err) => failed("received invalid webhook response", err),
  );
  for (const warning of response.warnings) attributes.warn(warning);
  if (!response.allowed) throw denial(webhook.name, response.status);
  return response;
}

function during<R>(work: () => R, wrapped: (err: unknown) => Error): R {
  try {
    return work();
  } catch (err) {
    throw wrapped(err);
  }
}

/** What a caller is told when a webhook says no: its own status, with a code that is an error. */
export function denial(name: string, status: Status | undefined): ApiError {
  const given = typeof status === "object" && status !== null ? status : ({} as Status);
  const message = typeof given.message === "string" ? given.message : "";
  const reason = typeof given.reason === "string" ? given.reason : "";
  const code = Number.isInteger(given.code) && (given.code as number) >= 400 ? (given.code as number) : 400;
  const deniedBy = `admission webhook "${name}" denied the request`;
  const why = message || reason;
  return ApiError.fromStatus({
    ...(isObject(given.metadata) ? { metadata: given.metadata } : {}),
    ...(isObject(given.details) ? { details: given.details } : {}),
    reason: reason || "Unknown",
    status: "Failure",
    code: Math.min(code, MAX_CODE),
    message: why === "" ? `${deniedBy} without explanation` : `${deniedBy}: ${why}`,
  });
}
