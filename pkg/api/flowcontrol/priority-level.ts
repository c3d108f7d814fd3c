import { fieldError } from "#pkg/errors/index.ts";
import { semanticEqual } from "../equal.ts";
import type { Errors } from "../field-checks.ts";
import type {
  LimitedPriorityLevelConfiguration as Limited,
  PriorityLevelConfiguration,
  QueuingConfiguration,
} from "../types/flowcontrol-v1.ts";
import { checkConditions } from "./conditions.ts";
import { EXEMPT, MANDATORY_LEVELS } from "./default-objects.ts";

const TYPES = ["Exempt", "Limited"];
const RESPONSES = ["Queue", "Reject"];
const MAX_QUEUES = 10_000_000;
/** What a hand of shuffle sharding may take of a flow's hash. */
const MAX_HASH_BITS = 60;
const NOT_NEGATIVE = "must be a non-negative integer";

/** Upstream's ValidatePriorityLevelConfiguration. */
export function validatePriorityLevel(object: PriorityLevelConfiguration): Errors {
  const errors: Errors = [];
  const { spec } = object;
  const { limited, exempt } = spec;
  const type = (spec.type as string | undefined) ?? "";
  const name = object.metadata.name ?? "";
  if ((name === EXEMPT) !== (type === "Exempt"))
    errors.push(fieldError.invalid("spec.type", type, "type must be 'Exempt' if and only if name is 'exempt'"));
  if (type === "Exempt") {
    if (limited !== undefined)
      errors.push(fieldError.forbidden("spec.limited", "must be nil if the type is not Limited"));
    if (exempt !== undefined) checkShares(errors, "spec.exempt", exempt);
  } else if (type === "Limited") {
    if (exempt !== undefined) errors.push(fieldError.forbidden("spec.exempt", "must be nil if the type is Limited"));
    if (limited === undefined)
      errors.push(fieldError.required("spec.limited", "must not be empty when type is Limited"));
    else checkLimited(errors, limited);
  } else errors.push(fieldError.notSupported("spec.type", type, TYPES));
  checkMandatory(errors, name, spec);
  checkConditions(errors, object.status?.conditions);
  return errors;
}

function checkMandatory(errors: Errors, name: string, spec: PriorityLevelConfiguration["spec"]): void {
  if (!Object.hasOwn(MANDATORY_LEVELS, name)) return;
  const fixed = MANDATORY_LEVELS[name] as PriorityLevelConfiguration["spec"];
  if (name === EXEMPT) {
    // What the exempt level lends is an administrator's choice.
    if (!semanticEqual({ ...spec, exempt: fixed.exempt }, fixed)) {
      const why = `spec of '${name}' except the 'spec.exempt' field must equal the fixed value`;
      errors.push(fieldError.invalid("spec", spec, why));
    }
  } else if (!semanticEqual(spec, fixed))
    errors.push(fieldError.invalid("spec", spec, `spec of '${name}' must equal the fixed value`));
}

function checkShares(
  errors: Errors,
  path: string,
  { nominalConcurrencyShares: shares, lendablePercent: percent }: Limited,
): void {
  if (shares !== undefined && shares < 0)
    errors.push(fieldError.invalid(`${path}.nominalConcurrencyShares`, shares, NOT_NEGATIVE));
  if (percent !== undefined && (percent < 0 || percent > 100))
    errors.push(fieldError.invalid(`${path}.lendablePercent`, percent, "must be between 0 and 100, inclusive"));
}

function checkLimited(errors: Errors, limited: Limited): void {
  checkShares(errors, "spec.limited", limited);
  const { borrowingLimitPercent: borrowing, limitResponse } = limited;
  if (borrowing !== undefined && borrowing < 0)
    errors.push(fieldError.invalid("spec.limited.borrowingLimitPercent", borrowing, `if specified, ${NOT_NEGATIVE}`));
  const path = "spec.limited.limitResponse";
  const { type = "", queuing } = limitResponse ?? {};
  if (!RESPONSES.includes(type)) errors.push(fieldError.notSupported(`${path}.type`, type, RESPONSES));
  else if (type === "Reject") {
    if (queuing !== undefined)
      errors.push(fieldError.forbidden(`${path}.queuing`, "must be nil if limited.limitResponse.type is not Limited"));
  } else if (queuing === undefined)
    errors.push(fieldError.required(`${path}.queuing`, "must not be empty if limited.limitResponse.type is Limited"));
  else checkQueuing(errors, `${path}.queuing`, queuing);
}

function checkQueuing(errors: Errors, path: string, queuing: QueuingConfiguration): void {
  const { queues = 0, handSize = 0, queueLengthLimit = 0 } = queuing;
  const wrong = (field: keyof QueuingConfiguration, why: string): void => {
    errors.push(fieldError.invalid(`${path}.${field}`, queuing[field] ?? 0, why));
  };
  if (queueLengthLimit <= 0) wrong("queueLengthLimit", "must be positive");
  if (queues <= 0) wrong("queues", "must be positive");
  else if (queues > MAX_QUEUES) wrong("queues", `must not be greater than ${MAX_QUEUES}`);
  if (handSize <= 0) wrong("handSize", "must be positive");
  else if (handSize > queues) wrong("handSize", `should not be greater than queues (${queues})`);
  else if (Math.ceil(Math.log2(queues) * handSize) > MAX_HASH_BITS) {
    const needed = `required entropy bits of deckSize ${queues} and handSize ${handSize}`;
    wrong("handSize", `${needed} should not be greater than ${MAX_HASH_BITS}`);
  }
}
