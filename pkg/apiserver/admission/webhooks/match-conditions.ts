import type { AdmissionAttributes } from "../../types.ts";
import type { MatchingParts } from "./invocation.ts";
import type { Invocation, Versioned } from "./types.ts";

export type WebhookParts = MatchingParts;

export async function conditionsHold(
  _parts: WebhookParts,
  _invocation: Invocation,
  _attributes: AdmissionAttributes,
  _versioned: Versioned,
): Promise<boolean> {
  return true;
}
